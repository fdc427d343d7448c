/// Which label of a classifier plays which part in a score.
public struct LabelRoles: Hashable, Sendable, CustomStringConvertible {
  /// One part and the label that plays it.
  public struct Role: Hashable, Sendable {
    /// Such as `positive`.
    public let name: String
    /// The classifier's name for it, such as `LABEL_2`.
    public let label: String
    /// The number of the label.
    public let index: Int
  }

  /// The parts that are played, in a fixed order.
  public let roles: [Role]

  /// Such as `negative = LABEL_0, neutral = LABEL_1, positive = LABEL_2`.
  public var description: String {
    roles.map { "\($0.name) = \($0.label)" }.joined(separator: ", ")
  }

  /// The number of the label that plays a part, if one does.
  subscript(name: String) -> Int? { roles.first { $0.name == name }?.index }

  /// Finds the label of each part.
  ///
  /// - Parameters:
  ///   - names: the parts, and of each the words by which labels are known.
  ///   - labels: the classifier's.
  ///   - override: names to read in place of the classifier's own.
  /// - Returns: `nil` if a label has no part, or two have one.
  static func find(
    _ names: [(role: String, matches: (String) -> Bool)], labels: [String], override: [String]?
  ) -> LabelRoles? {
    let texts = (override ?? labels).map { $0.lowercased() }
    guard texts.count == labels.count else { return nil }
    let found = names.map { name in texts.indices.filter { name.matches(texts[$0]) } }
    guard found.allSatisfy({ $0.count <= 1 }), Set(found.joined()).count == labels.count else {
      return nil
    }
    let roles = zip(names, found).compactMap { name, found in
      found.first.map { Role(name: name.role, label: labels[$0], index: $0) }
    }
    return roles.count == labels.count ? LabelRoles(roles: roles) : nil
  }
}

/// Labels that do not tell what a score needs to know.
public struct LabelError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The labels that were found.
  public let labels: [String]
  /// What they should have been.
  public let detail: String

  /// One line for a person: what was found, and what it should have been.
  public var description: String { "labels \(labels.joined(separator: ", ")): \(detail)" }
}
