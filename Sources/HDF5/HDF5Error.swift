/// What is wrong with a result, or what the HDF5 library reported, and where.
public struct HDF5Error: Error, Hashable, Sendable, CustomStringConvertible {
  /// The kind of fault, to branch on.
  public enum Reason: Hashable, Sendable {
    /// A name that is not ASCII letters, digits and `_`, starting with a letter.
    case invalidName(String)
    /// A name that a reader, or this module, has taken for something else.
    case reservedName(String)
    /// A name given twice.
    case duplicateName(String)
    /// A dimension without the variable that labels it.
    case missingScale(dimension: String)
    /// A variable named for a dimension but not lying along it alone.
    case misshapenScale(dimensions: [String])
    /// Values that do not fill the variable's dimensions.
    case elementCount(found: Int, expected: Int, dimensions: [String])
    /// A variable without a `long_name`.
    case missingLongName
    /// Units that a reader would misread, or units on text.
    case unusableUnits(String)
    /// An attribute that breaks the schema.
    case unusableAttribute(name: String, expected: String)
    /// A dataset of a file from outside that is too large to be checked.
    case tooManyElements(found: Int, limit: Int)
    /// A file from outside that is no result file as it was needed, and why.
    case foreignFile(String)
    /// A process that reads a file from outside and did not do so to its end, and why.
    case readerFailed(String)
    /// A call of the HDF5 library that failed, with the library's own words.
    case call(String, text: String)
    /// A finished file that breaks rules of the schema, each in one line.
    case violations([String])
  }

  /// The kind of fault.
  public let reason: Reason
  /// The group at fault, if it is known.
  public let group: String?
  /// The variable at fault, if it is one.
  public let variable: String?

  /// Creates an error.
  ///
  /// - Parameters:
  ///   - reason: the kind of fault.
  ///   - group: the group at fault, if it is known.
  ///   - variable: the variable at fault, if it is one.
  public init(_ reason: Reason, group: String? = nil, variable: String? = nil) {
    (self.reason, self.group, self.variable) = (reason, group, variable)
  }

  /// One line for a person: place, what was found, what it should have been.
  public var description: String {
    let place = [group.map { "group '\($0)'" }, variable.map { "variable '\($0)'" }]
      .compactMap { $0 }.joined(separator: ", ")
    return place.isEmpty ? reason.sentence : "\(place): \(reason.sentence)"
  }
}

extension HDF5Error.Reason {
  fileprivate var sentence: String {
    switch self {
    case .invalidName(let name):
      "the name '\(name)' is not ASCII letters, digits and '_' starting with a letter"
    case .reservedName(let name): "the name '\(name)' is reserved"
    case .duplicateName(let name): "the name '\(name)' is used twice"
    case .missingScale(let dimension):
      "dimension '\(dimension)' has no variable of its own name to label it"
    case .misshapenScale(let dimensions):
      "it labels a dimension, so it must lie along that one alone, not along \(dimensions)"
    case .elementCount(let found, let expected, let dimensions):
      "\(found) values for dimensions \(dimensions), which hold \(expected)"
    case .missingLongName: "the long name is empty"
    case .unusableUnits(let units): "units '\(units)' cannot be stored here"
    case .unusableAttribute(let name, let expected): "attribute '\(name)' must be \(expected)"
    case .tooManyElements(let found, let limit):
      "\(found) elements are more than the \(limit) that are checked"
    case .foreignFile(let why): why
    case .readerFailed(let why): why
    case .call(let name, let text): "\(name): \(text)"
    case .violations(let lines):
      "\(lines.count) broken rules: " + lines.joined(separator: "; ")
    }
  }
}
