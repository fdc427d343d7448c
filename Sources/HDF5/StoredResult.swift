internal import CHDF5

/// A result file that was written before, read back.
///
/// libhdf5 can crash on damaged files, so what lacks the signature or the name of the schema is refused
/// before the library sees it, and what breaks a rule of the schema before a number is read. A file
/// that has both, and was damaged or made to deceive, can still crash it.
public struct StoredResult {
  private let image: [UInt8]
  private let found: FoundFile

  /// Opens a file.
  ///
  /// - Parameter image: its bytes.
  /// - Throws: ``HDF5Error`` with ``HDF5Error/Reason/foreignFile(_:)`` if it is no whole result file
  ///   of this schema.
  public init(image: [UInt8]) throws {
    guard image.starts(with: StoredResult.signature) else {
      throw HDF5Error(.foreignFile("is no HDF5 file"))
    }
    guard image.holds("transect_schema") else {
      throw HDF5Error(.foreignFile("was not written by transect"))
    }
    let violations = try ResultFileChecker.violations(inImage: image)
    guard violations.isEmpty else { throw HDF5Error(.violations(violations)) }
    self.image = image
    found = try ImageReader.read(FileImage.open(image))
    guard case .int32([1])? = attribute("schema_version"), case .int32([1])? = attribute("complete")
    else { throw HDF5Error(.foreignFile("is not a complete result file of schema version 1")) }
  }

  private static let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]

  /// The values of an attribute of the whole file or of a group; `nil` if there is none.
  ///
  /// - Parameters:
  ///   - name: the attribute's.
  ///   - group: the group's, or `nil` for the file.
  /// - Returns: the values.
  public func attribute(_ name: String, of group: String? = nil) -> ResultValues? {
    found.group(at: "/\(group ?? "")")?.attributes[name]?.values
  }

  /// Whether the file has a group.
  ///
  /// - Parameter name: the group's.
  /// - Returns: whether it is there.
  public func holds(group name: String) -> Bool { found.group(at: "/\(name)") != nil }

  /// The values of a variable, row-major; those that are neither text nor flags are read now.
  ///
  /// - Parameters:
  ///   - name: the variable's.
  ///   - group: its group's.
  ///   - extents: what its extents must be, or `nil` for any one dimension.
  /// - Returns: the values.
  /// - Throws: ``HDF5Error`` if there is no such variable, or it has other extents.
  public func values(_ name: String, in group: String, extents: [Int]?) throws -> ResultValues {
    let path = "/\(group)/\(name)"
    guard let dataset = found.dataset(at: path), let own = dataset.extents,
      case .known(let type) = dataset.type
    else { throw HDF5Error(.foreignFile("lacks it"), group: group, variable: name) }
    guard extents.map({ $0 == own }) ?? (own.count == 1) else {
      throw HDF5Error(.foreignFile("has other extents, \(own)"), group: group, variable: name)
    }
    if let values = dataset.values { return values }
    let file = try FileImage.open(image)
    let handle = try Handle("H5Dopen2", unsafe H5Dopen2(file.id, path, 0))
    let id = handle.id
    let space = try Handle("H5Dget_space", H5Dget_space(id))
    return try unsafe readValues("H5Dread", type, extents: own, space: space) {
      unsafe H5Dread(id, $0, 0, 0, 0, $1)
    }
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

  /// A variable of text along one dimension; see ``values(_:in:extents:)``.
  ///
  /// - Parameters:
  ///   - name: the variable's.
  ///   - group: its group's.
  /// - Returns: the texts.
  /// - Throws: ``HDF5Error`` if there is no such variable.
  public func texts(_ name: String, in group: String) throws -> [String] {
    guard case .text(let values) = try values(name, in: group, extents: nil) else {
      throw HDF5Error(.foreignFile("holds no text"), group: group, variable: name)
    }
    return values
  }
}

extension [UInt8] {
  /// Whether the bytes of a text occur among these.
  fileprivate func holds(_ text: String) -> Bool {
    let wanted = Array(text.utf8)
    guard let first = wanted.first, count >= wanted.count else { return false }
    return indices.dropLast(wanted.count - 1).contains { start in
      self[start] == first && self[start..<start + wanted.count].elementsEqual(wanted)
    }
  }
}
