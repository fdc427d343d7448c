import JSON

/// A finished point of a sweep as a journal keeps it.
enum SweepRow {
  /// What tells a point from others of its run: its coefficients, with every digit.
  ///
  /// - Parameter coefficients: one for each checkpoint.
  /// - Returns: text that is the same only for the same numbers; −0 is 0.
  static func key(_ coefficients: [Double]) -> String {
    coefficients.map { "\($0 == 0 ? 0 : $0)" }.joined(separator: ",")
  }

  /// Losses of documents, text by text, as JSON; what is not finite is a text.
  ///
  /// - Parameter losses: one for each text.
  /// - Returns: arrays of numbers that read back as they were.
  static func json(_ losses: [CorpusLoss]) -> String {
    let texts = losses.map { loss in
      "[" + loss.nats.map { $0.isFinite ? "\($0)" : "\"\($0)\"" }.joined(separator: ",") + "]"
    }
    return "[" + texts.joined(separator: ",") + "]"
  }

  private static func number(_ json: String) -> Double {
    Double(json.filter { $0 != "\"" }) ?? .nan
  }

  /// Reads losses back.
  ///
  /// - Parameters:
  ///   - json: as ``json(_:)`` writes it.
  ///   - tokenCounts: scored tokens of each document of each text.
  /// - Returns: `nil` if it is not of these texts.
  static func losses(_ json: String, tokenCounts: [[Int]]) -> [CorpusLoss]? {
    var (scanner, rows) = (JSONScanner(Array(json.utf8)), [[Double]]())
    let read: Void? = try? scanner.array { scanner in
      var row: [Double] = []
      try scanner.array { row.append(number(try $0.valueText())) }
      rows.append(row)
    }
    guard read != nil, rows.map(\.count) == tokenCounts.map(\.count) else { return nil }
    return zip(rows, tokenCounts).map { CorpusLoss(nats: $0, tokenCounts: $1) }
  }
}
