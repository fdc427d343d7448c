/// Everything one result file holds: facts about the run, then groups of variables.
///
/// Attributes, groups and variables keep their order in the file. Equal values give equal bytes.
public struct ResultFile: Hashable, Sendable {
  /// Facts about the whole file, such as `Conventions`, `title` and `history`.
  public let attributes: [ResultAttribute]
  /// The groups at the root of the file.
  public let groups: [ResultGroup]

  /// Creates a file of groups with different names.
  ///
  /// - Throws: ``HDF5Error`` if two groups share a name or an attribute cannot be stored.
  public init(attributes: [ResultAttribute] = [], groups: [ResultGroup]) throws {
    try attributes.validate()
    var seen: Set<String> = []
    for group in groups where !seen.insert(group.name).inserted {
      throw HDF5Error(.duplicateName(group.name))
    }
    (self.attributes, self.groups) = (attributes, groups)
  }

  /// The file's bytes, after they were opened again and found to keep every rule.
  ///
  /// - Throws: ``HDF5Error`` with ``HDF5Error/Reason/violations(_:)`` if a rule is broken.
  /// - Complexity: twice the memory of ``image()``, for the second opening.
  public func checkedImage() throws -> [UInt8] {
    let image = try image()
    let violations = try ResultFileChecker.violations(inImage: image)
    guard violations.isEmpty else { throw HDF5Error(.violations(violations)) }
    return image
  }
}
