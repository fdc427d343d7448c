import JSON
import Tokenization

/// What one JSON line says of texts.
struct SampleLine {
  /// The texts, several if the member lies within an array.
  var texts: [[UInt8]]?
  var prompt: [UInt8]?
  /// The value of `prompt_id`, as written.
  var promptID: String?
  /// The value of `sample`, as written.
  var sample: String?
  var coordinates: [TextSet.Coordinate] = []
  var kind: String?
  var schema: String?

  /// The number of the prompt, if the line has one that can be kept.
  var promptNumber: Int? { promptID.flatMap { Int32($0) }.map(Int.init) }
  /// The number of the text among those of its prompt, if the line has one that can be kept.
  var sampleNumber: Int? {
    texts?.count == 1 ? sample.flatMap { Int32($0) }.map(Int.init) : nil
  }

  /// Whether it begins what this program printed, of which only samples are texts.
  var isHeader: Bool { kind == "header" && schema?.hasPrefix("transect.") == true }
}

/// Where in a JSON line texts and prompts are.
struct SampleFields {
  private typealias Name = [UInt8]
  private let text: [Name]
  private let prompt: [Name]

  /// Fields by the names of members, from the outside in, with dots between.
  init(text: String, prompt: String) {
    (self.text, self.prompt) = (SampleFields.names(text), SampleFields.names(prompt))
  }

  private static func names(_ field: String) -> [Name] {
    field.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map(Array.init)
  }

  /// Reads a line.
  ///
  /// - Throws: ``Tokenization/TokenizationError`` if it is no JSON object, or a member is not what it
  ///   should be, or appears twice.
  func line(_ bytes: [UInt8], path: String, number: Int) throws -> SampleLine {
    var found = SampleLine()
    try readJSON(bytes, path: path, line: number) { scanner in
      do {
        try scanner.object { try member([Array($1.utf8)], in: &$0, &found) }
      } catch let fault as JSONScanner.Fault where scanner.isAtEnd() {
        throw scanner.fault("the line ends early: \(fault.detail)")
      }
    }
    return found
  }

  private func member(
    _ place: [Name], in scanner: inout JSONScanner, _ found: inout SampleLine
  ) throws {
    if place == text {
      guard found.texts == nil else { throw SampleFields.repeated(place, scanner) }
      found.texts = [try SampleFields.string(place, &scanner)]
    } else if place == prompt {
      guard found.prompt == nil else { throw SampleFields.repeated(place, scanner) }
      found.prompt = try SampleFields.string(place, &scanner)
    } else if text.starts(with: place) || prompt.starts(with: place) {
      try within(place, in: &scanner, &found)
    } else if place.count == 1 {
      try fact(String(decoding: place[0], as: UTF8.self), in: &scanner, &found)
    } else {
      try scanner.skipValue()
    }
  }

  /// Looks into a member for those wanted; an array gives a text for each of its objects.
  private func within(
    _ place: [Name], in scanner: inout JSONScanner, _ found: inout SampleLine
  ) throws {
    switch scanner.peek() {
    case UInt8(ascii: "{"):
      try scanner.object { try member(place + [Array($1.utf8)], in: &$0, &found) }
    case UInt8(ascii: "[") where text.starts(with: place):
      guard found.texts == nil else { throw SampleFields.repeated(place, scanner) }
      var texts: [[UInt8]] = []
      try scanner.array { scanner in
        var one = SampleLine()
        guard scanner.peek() == UInt8(ascii: "{") else {
          throw scanner.fault("expected objects with \(SampleFields.quoted(text))")
        }
        try scanner.object { try member(place + [Array($1.utf8)], in: &$0, &one) }
        guard let text = one.texts else {
          throw scanner.fault("an object without \(SampleFields.quoted(self.text))")
        }
        texts += text
      }
      found.texts = texts
    default: try scanner.skipValue()
    }
  }

  /// A member that is neither text nor prompt.
  private func fact(
    _ name: String, in scanner: inout JSONScanner, _ found: inout SampleLine
  ) throws {
    let isText = scanner.peek() == UInt8(ascii: "\"")
    switch name {
    case "kind" where isText: found.kind = try scanner.string()
    case "schema" where isText: found.schema = try scanner.string()
    case "prompt_id": if !scanner.null() { found.promptID = try scanner.valueText() }
    case "sample": found.sample = try scanner.valueText()
    case _ where TextSet.Coordinate.names.contains(name):
      // Members of others may have such a name and mean something else.
      guard let value = Double(try scanner.valueText()), value.isFinite else { return }
      guard !found.coordinates.contains(where: { $0.name == name }) else {
        throw SampleFields.repeated([Array(name.utf8)], scanner)
      }
      found.coordinates.append(.init(name, value))
    default: try scanner.skipValue()
    }
  }

  private static func string(_ place: [Name], _ scanner: inout JSONScanner) throws -> [UInt8] {
    guard let first = scanner.peek() else {
      throw scanner.fault("expected the value of member \(quoted(place))")
    }
    guard first == UInt8(ascii: "\"") else {
      throw scanner.fault("member \(quoted(place)) is not a text")
    }
    return Array(try scanner.string().utf8)
  }

  private static func repeated(_ place: [Name], _ scanner: JSONScanner) -> JSONScanner.Fault {
    scanner.fault("member \(quoted(place)) appears twice")
  }

  private static func quoted(_ place: [Name]) -> String {
    let bytes = Array(place.joined(separator: [UInt8(ascii: ".")]))
    return jsonString(String(decoding: bytes, as: UTF8.self))
  }
}
