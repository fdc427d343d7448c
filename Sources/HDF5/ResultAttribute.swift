/// A named fact about a file, a group or a variable.
public struct ResultAttribute: Hashable, Codable, Sendable {
  /// The values an attribute may have: one, or a list of at least one.
  public enum Value: Hashable, Codable, Sendable {
    /// UTF-8 text; U+0000 is stored as U+2400, as in ``ResultValues/text(_:)``.
    case text(String)
    /// A list of texts.
    case texts([String])
    /// A 64-bit float.
    case float64(Double)
    /// A list of 64-bit floats.
    case float64s([Double])
    /// A 32-bit integer.
    case int32(Int32)
    /// A list of 32-bit integers.
    case int32s([Int32])
    /// The codes of a category: `flag_values` only, which CF wants in the variable's own type.
    case int8s([Int8])
  }

  /// The attribute's name.
  public let name: String
  /// The attribute's value.
  public let value: Value

  /// Creates an attribute; the group or variable that takes it checks it.
  public init(_ name: String, _ value: Value) {
    (self.name, self.value) = (name, value)
  }
}

extension ResultAttribute.Value {
  /// The length of a list, or `nil` for a single value.
  var length: Int? {
    switch self {
    case .text, .float64, .int32: nil
    case .texts(let list): list.count
    case .float64s(let list): list.count
    case .int32s(let list): list.count
    case .int8s(let list): list.count
    }
  }

  /// The words of a text separated by spaces; none for other values.
  var words: [String] {
    if case .text(let text) = self { text.split(separator: " ").map(String.init) } else { [] }
  }
}

extension [ResultAttribute] {
  /// The attribute of that name, if there is one.
  subscript(name: String) -> ResultAttribute.Value? {
    first { $0.name == name }?.value
  }

  /// Checks that every attribute can be stored, once, under a name that is free.
  ///
  /// - Parameters:
  ///   - group: the owner's group, for the error.
  ///   - variable: the owner, if it is a variable.
  /// - Throws: ``HDF5Error`` for the first that cannot.
  func validate(group: String? = nil, variable: String? = nil) throws {
    var seen: Set<String> = []
    for attribute in self {
      if let reason = attribute.fault(onVariable: variable != nil, seen: &seen) {
        throw HDF5Error(reason, group: group, variable: variable)
      }
    }
  }
}

extension ResultAttribute {
  fileprivate func fault(onVariable: Bool, seen: inout Set<String>) -> HDF5Error.Reason? {
    if !Name.isValid(name) { return .invalidName(name) }
    if Name.ofAttributesWrittenHere.contains(name) { return .reservedName(name) }
    if !seen.insert(name).inserted { return .duplicateName(name) }
    if value.length == 0 { return .unusableAttribute(name: name, expected: "at least one value") }
    guard case .int8s = value, !(onVariable && name == "flag_values") else { return nil }
    return .unusableAttribute(name: name, expected: "text, 64-bit floats or 32-bit integers")
  }
}
