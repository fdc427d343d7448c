import Generation
import JSON

/// Finished texts of a point as a journal keeps them.
enum GenerationRow {
  /// What tells texts from others of their run: the point, the prompt, and their numbers.
  ///
  /// - Parameters:
  ///   - coefficients: of the point.
  ///   - block: which texts.
  /// - Returns: text that no key of a loss has.
  static func key(_ coefficients: [Double], _ block: TextBlock) -> String {
    "texts \(block.prompt) \(block.samples) \(SweepRow.key(coefficients))"
  }

  /// Texts as JSON, each `["stop", log-probability, token, token, …]`.
  ///
  /// - Parameter texts: finished ones.
  /// - Returns: an array of arrays whose numbers read back as they were.
  static func json(_ texts: [GeneratedText]) -> String {
    let rows = texts.map { text in
      ([jsonString(text.finish?.rawValue ?? ""), "\(text.logProbability)"]
        + text.tokens.map { "\($0)" }).joined(separator: ",")
    }
    return "[" + rows.map { "[\($0)]" }.joined(separator: ",") + "]"
  }

  /// Reads texts back.
  ///
  /// - Parameters:
  ///   - json: as ``json(_:)`` writes it.
  ///   - block: which they are.
  /// - Returns: `nil` if it is not of so many.
  static func texts(_ json: String, _ block: TextBlock) -> [GeneratedText]? {
    var (scanner, rows) = (JSONScanner(Array(json.utf8)), [[String]]())
    let read: Void? = try? scanner.array { scanner in
      var row: [String] = []
      try scanner.array { row.append(try $0.valueText()) }
      rows.append(row)
    }
    guard read != nil, rows.count == block.samples.count else { return nil }
    let texts = zip(block.samples, rows).compactMap { sample, row in
      text(row, prompt: block.prompt, sample: sample)
    }
    return texts.count == rows.count ? texts : nil
  }

  private static func text(_ row: [String], prompt: Int, sample: Int) -> GeneratedText? {
    let tokens = row.dropFirst(2).compactMap { Int32($0) }
    guard row.count > 2, tokens.count == row.count - 2, let logProbability = Double(row[1]),
      let finish = GeneratedText.Finish(rawValue: row[0].filter { $0 != "\"" })
    else { return nil }
    return GeneratedText(
      prompt: prompt, sample: sample, tokens: tokens, finish: finish,
      logProbability: logProbability)
  }
}
