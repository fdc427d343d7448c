/// A set of variables over shared, labelled dimensions; an xarray `Dataset` to its readers.
public struct ResultGroup: Hashable, Sendable {
  /// A named extent.
  public struct Dimension: Hashable, Sendable {
    /// The dimension's name, which is its scale's name.
    public let name: String
    /// The number of labels; may be 0.
    public let length: Int
  }

  /// The group's name at the root of the file.
  public let name: String
  /// What holds for the whole group, such as `kind`.
  public let attributes: [ResultAttribute]
  /// The dimensions, in the order of their scales.
  public let dimensions: [Dimension]
  /// The variables, in the order in which they are stored.
  public let variables: [ResultVariable]

  /// Creates a group whose every dimension is labelled and whose every variable is full.
  ///
  /// The dimensions are not given: they are the lengths of the variables that label them, so
  /// the two cannot disagree.
  ///
  /// - Throws: ``HDF5Error`` naming the group and the variable if a name is unusable or used
  ///   twice, a dimension has no scale, a variable does not have exactly as many values as its
  ///   dimensions hold, or `coordinates` names what is not a variable over some of the same
  ///   dimensions.
  public init(
    _ name: String, attributes: [ResultAttribute] = [], variables: [ResultVariable]
  ) throws {
    guard Name.isValid(name) else { throw HDF5Error(.invalidName(name)) }
    try attributes.validate(group: name)
    (self.name, self.attributes, self.variables) = (name, attributes, variables)
    dimensions = variables.filter(\.isScale).map {
      Dimension(name: $0.name, length: $0.values.count)
    }
    try validateNames()
    let lengths = Dictionary(uniqueKeysWithValues: dimensions.map { ($0.name, $0.length) })
    for variable in variables {
      if let reason = variable.shapeFault(lengths: lengths) ?? coordinateFault(of: variable) {
        throw HDF5Error(reason, group: name, variable: variable.name)
      }
    }
  }

  private func validateNames() throws {
    var seen: Set<String> = []
    for variable in variables where !seen.insert(variable.name).inserted {
      throw HDF5Error(.duplicateName(variable.name), group: name)
    }
  }

  private func coordinateFault(of variable: ResultVariable) -> HDF5Error.Reason? {
    let labels = variable.attributes["coordinates"]?.words ?? []
    let stray = labels.first { label in
      !variables.contains {
        $0.name == label && !$0.isScale && Set($0.dimensions).isSubset(of: variable.dimensions)
      }
    }
    return stray.map {
      .unusableAttribute(name: "coordinates", expected: "labels along the variable, not '\($0)'")
    }
  }
}

extension ResultVariable {
  fileprivate func shapeFault(lengths: [String: Int]) -> HDF5Error.Reason? {
    if let dimension = dimensions.first(where: { lengths[$0] == nil }) {
      return .missingScale(dimension: dimension)
    }
    if lengths[name] != nil && !isScale { return .misshapenScale(dimensions: dimensions) }
    let expected = dimensions.reduce(1) { saturatingProduct($0, lengths[$1, default: 0]) }
    return expected == values.count
      ? nil : .elementCount(found: values.count, expected: expected, dimensions: dimensions)
  }
}

/// The product of two counts, or the largest count if it overflows.
func saturatingProduct(_ left: Int, _ right: Int) -> Int {
  let (product, overflows) = left.multipliedReportingOverflow(by: right)
  return overflows ? .max : product
}
