/// A result file that was written before, read back.
///
/// libhdf5 can crash on damaged files, so what lacks the signature or the name of the schema is
/// refused before the library sees it, and what breaks a rule of the schema before a number is
/// read. A file that has both, and was damaged or made to deceive, can still crash it: files of
/// unknown origin are read in a process of their own, by ``read(apart:groups:)``.
public struct StoredResult: Sendable {
  /// One variable: its extents, outermost first, and its values, row-major.
  struct Variable: Sendable {
    let extents: [Int]
    let values: ResultValues
  }

  /// A group, or the file itself under the name "": attributes and variables by name.
  struct Group: Sendable {
    var attributes: [String: ResultValues] = [:]
    var variables: [String: Variable] = [:]
  }

  let groups: [String: Group]

  init(groups: [String: Group]) { self.groups = groups }

  /// The values of an attribute of the whole file or of a group; `nil` if there is none.
  ///
  /// - Parameters:
  ///   - name: the attribute's.
  ///   - group: the group's, or `nil` for the file.
  /// - Returns: the values.
  public func attribute(_ name: String, of group: String? = nil) -> ResultValues? {
    groups[group ?? ""]?.attributes[name]
  }

  /// Whether no row is pending, as some are in what a merge of unfinished shards wrote.
  public var isComplete: Bool { attribute("complete") == .int32([1]) }

  /// Whether the file has a group, and it was asked for.
  ///
  /// - Parameter name: the group's.
  /// - Returns: whether it is there.
  public func holds(group name: String) -> Bool { groups[name] != nil }

  /// The values of a variable, row-major.
  ///
  /// - Parameters:
  ///   - name: the variable's.
  ///   - group: its group's.
  ///   - extents: what its extents must be, or `nil` for any one dimension.
  /// - Returns: the values.
  /// - Throws: ``HDF5Error`` if there is no such variable, or it has other extents.
  public func values(_ name: String, in group: String, extents: [Int]?) throws -> ResultValues {
    guard let variable = groups[group]?.variables[name] else {
      throw HDF5Error(.foreignFile("lacks it"), group: group, variable: name)
    }
    let own = variable.extents
    guard extents.map({ $0 == own }) ?? (own.count == 1) else {
      throw HDF5Error(.foreignFile("has other extents, \(own)"), group: group, variable: name)
    }
    return variable.values
  }

  /// A variable of 64-bit floats; see ``values(_:in:extents:)``.
  ///
  /// - Parameters:
  ///   - name: the variable's.
  ///   - group: its group's.
  ///   - extents: what its extents must be.
  /// - Returns: the numbers, row-major.
  /// - Throws: ``HDF5Error`` if there is no such variable.
  public func reals(_ name: String, in group: String, extents: [Int]) throws -> [Double] {
    guard case .float64(let values) = try values(name, in: group, extents: extents) else {
      throw HDF5Error(.foreignFile("holds no 64-bit floats"), group: group, variable: name)
    }
    return values
  }

  /// A variable of 64-bit integers; see ``values(_:in:extents:)``.
  ///
  /// - Parameters:
  ///   - name: the variable's.
  ///   - group: its group's.
  ///   - extents: what its extents must be.
  /// - Returns: the numbers, row-major.
  /// - Throws: ``HDF5Error`` if there is no such variable, or a number is negative.
  public func counts(_ name: String, in group: String, extents: [Int]) throws -> [Int] {
    guard case .int64(let values) = try values(name, in: group, extents: extents),
      values.allSatisfy({ $0 >= 0 })
    else { throw HDF5Error(.foreignFile("holds no counts"), group: group, variable: name) }
    return values.map { Int($0) }
  }

  /// A variable of text; see ``values(_:in:extents:)``.
  ///
  /// - Parameters:
  ///   - name: the variable's.
  ///   - group: its group's.
  ///   - extents: what its extents must be, or `nil` for any one dimension.
  /// - Returns: the texts, row-major.
  /// - Throws: ``HDF5Error`` if there is no such variable.
  public func texts(
    _ name: String, in group: String, extents: [Int]? = nil
  ) throws -> [String] {
    guard case .text(let values) = try values(name, in: group, extents: extents) else {
      throw HDF5Error(.foreignFile("holds no text"), group: group, variable: name)
    }
    return values
  }
}
