import JSON
import Tokenization

/// How a file holds texts that are to be scored.
public enum TextSetLayout: Hashable, Sendable {
  /// A text a line, without its end; nothing precedes any.
  case lines
  /// A labelled tree a line, as the Stanford Sentiment Treebank has them.
  case trees
  /// A JSON object a line. The text is the member `text`, the prompt that it follows the member
  /// `prompt`, either one or one of a member: `prompt.text`. Where a member on the way to the text
  /// is an array of objects, each gives a text after the line's prompt.
  ///
  /// `prompt_id` tells prompts apart that read alike, and ``TextSet/Coordinate/names`` tell sets.
  /// `prompt_id` and, of a line of one text, `sample` are kept where they are whole numbers of 32 bits.
  /// After a header as this program prints one, only lines of the kind `sample` count.
  case jsonLines(text: String, prompt: String, requiresPrompt: Bool)
}

/// Reads texts of files into sets, and numbers prompts that have no number.
///
/// Texts are of one set if their file and their coordinates are. They follow one prompt if
/// `prompt_id` and the prompt are the same; without either, each text has a prompt of its own.
/// Prompts without a number that can be kept are numbered from 0 as those of their file appear, and
/// so are texts of a prompt within their set.
public struct TextSetReader {
  /// The sets, in the order in which their first texts appear.
  public private(set) var sets: [TextSet] = []
  private var numberOfSet: [SetKey: Int] = [:]
  private var numberOfPrompt: [PromptKey: Int] = [:]
  private var promptCount = 0
  /// Prompts of files before.
  private var promptsBefore = 0
  private var textCounts: [[Int]: Int] = [:]

  private struct SetKey: Hashable {
    let name: String
    let coordinates: [TextSet.Coordinate]
  }

  private struct PromptKey: Hashable {
    let id: String?
    let prompt: [UInt8]?
  }

  /// Begins without texts.
  public init() {}

  /// Reads a file.
  ///
  /// - Parameters:
  ///   - bytes: all of it.
  ///   - name: what to call its sets.
  ///   - path: the file, for messages.
  ///   - layout: how it holds texts.
  ///   - byteLimit: the most bytes that a line may have.
  /// - Throws: ``Tokenization/TokenizationError`` naming the line, if it is malformed, lacks a member
  ///   or is longer than granted.
  public mutating func read(
    _ bytes: [UInt8], named name: String, path: String, layout: TextSetLayout,
    byteLimit: Int = 1 << 27
  ) throws {
    (numberOfPrompt, promptsBefore) = ([:], promptCount)
    var rest: [UInt8]? = bytes
    var lines = TextDocuments(
      layout == .trees ? .trees : .lines, path: path, byteLimit: byteLimit
    ) {
      defer { rest = nil }
      return rest ?? []
    }
    guard case .jsonLines(let text, let prompt, let requiresPrompt) = layout else {
      while let line = try lines.next() {
        add(line.text, SampleLine(), name, line.line)
      }
      return
    }
    let fields = SampleFields(text: text, prompt: prompt)
    var isOurs = false
    while let line = try lines.next() {
      if line.text.allSatisfy(isBlank) { continue }
      let sample = try fields.line(line.text, path: path, number: line.line)
      isOurs = isOurs || sample.isHeader
      if sample.isHeader || isOurs && sample.kind != "sample" { continue }
      guard let texts = sample.texts, sample.prompt != nil || !requiresPrompt else {
        throw TokenizationError(
          .malformed, in: path, line: line.line,
          "has no member \(jsonString(sample.texts == nil ? text : prompt))")
      }
      for text in texts { add(text, sample, name, line.line) }
    }
  }

  private mutating func add(
    _ text: [UInt8], _ sample: SampleLine, _ name: String, _ line: Int
  ) {
    let set = setNumber(SetKey(name: name, coordinates: sample.coordinates.inOrder))
    let prompt = promptNumber(sample)
    let replicate = textCounts[[set, prompt], default: 0]
    textCounts[[set, prompt]] = replicate + 1
    sets[set].texts.append(
      PromptedText(
        text, after: sample.prompt ?? [],
        promptID: sample.promptNumber ?? prompt - promptsBefore,
        replicate: sample.sampleNumber ?? replicate, group: prompt, line: line))
  }

  private mutating func setNumber(_ key: SetKey) -> Int {
    if let number = numberOfSet[key] { return number }
    numberOfSet[key] = sets.count
    sets.append(TextSet(key.name, at: key.coordinates, texts: []))
    return sets.count - 1
  }

  private mutating func promptNumber(_ sample: SampleLine) -> Int {
    let key = PromptKey(id: sample.promptID, prompt: sample.prompt)
    let isKnown = key.id != nil || key.prompt != nil
    if isKnown, let number = numberOfPrompt[key] { return number }
    defer { promptCount += 1 }
    if isKnown { numberOfPrompt[key] = promptCount }
    return promptCount
  }
}

extension [TextSet.Coordinate] {
  /// Sorted by their names' order.
  fileprivate var inOrder: [TextSet.Coordinate] {
    TextSet.Coordinate.names.compactMap { name in first { $0.name == name } }
  }
}
