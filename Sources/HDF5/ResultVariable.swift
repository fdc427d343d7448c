/// One named array of a result, with the words and units a reader needs.
///
/// A variable whose only dimension has its own name labels that dimension: it is a scale.
public struct ResultVariable: Hashable, Sendable {
  /// The variable's name within its group.
  public let name: String
  /// The names of its dimensions, outermost first; `[]` is a scalar.
  public let dimensions: [String]
  /// Its values, row-major.
  public let values: ResultValues
  /// What it is, in words; a plot's axis label.
  public let longName: String
  /// Its units in UDUNITS spelling, "1" for a pure number, `nil` for text.
  public let units: String?
  /// Further attributes, such as `coordinates`.
  public let attributes: [ResultAttribute]

  /// Creates a variable; its group checks that the values fill the dimensions.
  ///
  /// - Parameters:
  ///   - name: letters, digits and `_`; not the name of an xarray method such as `mean`.
  ///   - dimensions: names of dimensions, outermost first, none twice.
  ///   - values: the elements, row-major.
  ///   - longName: what the values are.
  ///   - units: `nil` is "1" for numbers, and required to be `nil` for text. A bare time span
  ///     such as "seconds" is refused, since xarray turns it into another type; "s" is not.
  ///   - attributes: further attributes. 8-bit integers are categories: they need
  ///     `flag_values` and `flag_meanings`, for which ``flags(_:dimensions:_:meanings:longName:)``
  ///     is the short way.
  /// - Throws: ``HDF5Error`` naming the variable.
  public init(
    _ name: String, dimensions: [String] = [], _ values: ResultValues, longName: String,
    units: String? = nil, attributes: [ResultAttribute] = []
  ) throws {
    (self.name, self.dimensions, self.values) = (name, dimensions, values)
    (self.longName, self.attributes) = (longName, attributes)
    self.units = values.isText ? units : units ?? "1"
    if let reason = nameFault ?? metadataFault ?? flagFault {
      throw HDF5Error(reason, variable: name)
    }
    try attributes.validate(variable: name)
  }

  /// Creates a category: codes 0, 1, 2... and one word for each.
  ///
  /// - Parameters:
  ///   - name: as for any variable.
  ///   - dimensions: as for any variable.
  ///   - codes: one for each element, an index into `meanings`.
  ///   - meanings: at most 127 words without spaces.
  ///   - longName: what the categories are.
  /// - Returns: a variable of 8-bit integers.
  /// - Throws: ``HDF5Error`` naming the variable, also for a code without a meaning.
  public static func flags(
    _ name: String, dimensions: [String], _ codes: [Int8], meanings: [String], longName: String
  ) throws -> ResultVariable {
    let codesOfMeanings = meanings.indices.prefix(127).map { Int8($0) }
    return try ResultVariable(
      name, dimensions: dimensions, .int8(codes), longName: longName,
      attributes: [
        ResultAttribute("flag_values", .int8s(codesOfMeanings)),
        ResultAttribute("flag_meanings", .text(meanings.joined(separator: " "))),
      ])
  }

  /// Whether the variable labels the dimension of its own name.
  public var isScale: Bool { dimensions == [name] }
}

extension ResultVariable {
  private var nameFault: HDF5Error.Reason? {
    if Name.ofReaderMethods.contains(name) { return .reservedName(name) }
    if let invalid = ([name] + dimensions).first(where: { !Name.isValid($0) }) {
      return .invalidName(invalid)
    }
    let repeated = dimensions.indices.first { dimensions[..<$0].contains(dimensions[$0]) }
    return repeated.map { .duplicateName(dimensions[$0]) }
  }

  private var metadataFault: HDF5Error.Reason? {
    if longName.isEmpty { return .missingLongName }
    guard let units else { return nil }
    let isUsable = !values.isText && !units.isEmpty && !Name.ofTimeSpans.contains(units)
    return isUsable ? nil : .unusableUnits(units)
  }

  private var flagFault: HDF5Error.Reason? {
    guard case .int8(let codes) = values else { return nil }
    guard case .int8s(let allowed)? = attributes["flag_values"] else {
      return .unusableAttribute(name: "flag_values", expected: "the codes of the categories")
    }
    if attributes["flag_meanings"]?.words.count != allowed.count {
      return .unusableAttribute(name: "flag_meanings", expected: "\(allowed.count) words")
    }
    let stray = Set(codes).subtracting(allowed).min()
    return stray.map { .unusableAttribute(name: "flag_values", expected: "a list with \($0)") }
  }
}
