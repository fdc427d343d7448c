/// A text to be scored, and the prompt it follows.
public struct PromptedText: Hashable, Sendable {
  /// What precedes the text; empty if nothing does.
  public let prompt: [UInt8]
  /// The text itself, any bytes.
  public let text: [UInt8]
  /// The number of its prompt, as its source has it if it has one.
  public let promptID: Int
  /// The number of the text among those of its prompt, as its source has it if it has one.
  public let replicate: Int
  /// Texts of a set with one number here are taken as draws after one prompt, and others as
  /// independent.
  public let group: Int
  /// The line of its file, counted from 1; `nil` if it is of none.
  public let line: Int?

  /// Describes a text.
  ///
  /// - Parameters:
  ///   - text: the text itself, any bytes.
  ///   - prompt: what precedes it; empty if nothing does.
  ///   - promptID: the number of its prompt.
  ///   - replicate: the number of the text among those of its prompt.
  ///   - group: what texts after one prompt have in common; `nil` is `promptID`.
  ///   - line: the line of its file, counted from 1.
  public init(
    _ text: [UInt8], after prompt: [UInt8] = [], promptID: Int, replicate: Int = 0,
    group: Int? = nil, line: Int? = nil
  ) {
    (self.text, self.prompt) = (text, prompt)
    (self.promptID, self.replicate) = (promptID, replicate)
    (self.group, self.line) = (group ?? promptID, line)
  }
}

/// Texts that are summarized together: those of one model, at one place of a path.
public struct TextSet: Hashable, Codable, Sendable {
  /// What tells a set from others of the same name, such as α on a path.
  public struct Coordinate: Hashable, Codable, Sendable {
    /// The names that inputs may have for it, in the order of columns.
    public static let names = ["point", "alpha", "beta", "w_plus", "w_minus"]
    /// One of ``names``.
    public let name: String
    /// Finite.
    public let value: Double

    /// Describes a place.
    ///
    /// - Parameters:
    ///   - name: one of ``names``.
    ///   - value: finite.
    public init(_ name: String, _ value: Double) { (self.name, self.value) = (name, value) }
  }

  /// Where the texts are from.
  public let name: String
  /// Where on a path they are from; empty if nothing tells.
  public let coordinates: [Coordinate]
  /// The texts.
  public var texts: [PromptedText]

  /// Collects texts.
  ///
  /// - Parameters:
  ///   - name: where they are from.
  ///   - coordinates: where on a path they are from, if anything tells.
  ///   - texts: the texts.
  public init(_ name: String, at coordinates: [Coordinate] = [], texts: [PromptedText]) {
    (self.name, self.coordinates, self.texts) = (name, coordinates, texts)
  }
}

extension PromptedText: Codable {
  private enum CodingKeys: String, CodingKey {
    case prompt, text, promptID, replicate, group, line
  }

  /// Reads a text back.
  ///
  /// - Parameter decoder: of what was encoded.
  /// - Throws: `DecodingError` if it is none.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    func bytes(_ key: CodingKeys) throws -> [UInt8] {
      if let text = try? container.decode(String.self, forKey: key) { return Array(text.utf8) }
      return try container.decode([UInt8].self, forKey: key)
    }
    self.init(
      try bytes(.text), after: try bytes(.prompt),
      promptID: try container.decode(Int.self, forKey: .promptID),
      replicate: try container.decode(Int.self, forKey: .replicate),
      group: try container.decode(Int.self, forKey: .group),
      line: try container.decodeIfPresent(Int.self, forKey: .line))
  }

  /// Writes it; bytes that are not UTF-8 as numbers.
  ///
  /// - Parameter encoder: takes it.
  /// - Throws: what the encoder throws.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    for (key, bytes) in [(CodingKeys.text, text), (.prompt, prompt)] {
      if let text = String(validating: bytes, as: UTF8.self) {
        try container.encode(text, forKey: key)
      } else {
        try container.encode(bytes, forKey: key)
      }
    }
    try container.encode(promptID, forKey: .promptID)
    try container.encode(replicate, forKey: .replicate)
    try container.encode(group, forKey: .group)
    try container.encodeIfPresent(line, forKey: .line)
  }
}
