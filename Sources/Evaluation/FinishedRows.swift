import Generation

/// The finished rows of a sweep, read back without models or texts.
public struct FinishedRows: Sendable {
  private let rows: [String: String]

  /// Takes rows.
  ///
  /// - Parameter rows: JSON by key, as journals have them.
  public init(_ rows: [String: String]) { self.rows = rows }

  /// The losses of a point.
  ///
  /// - Parameters:
  ///   - coefficients: of the point.
  ///   - tokenCounts: scored tokens of each document of each text; none needs no row.
  /// - Returns: `nil` if there is no row of these texts.
  public func losses(at coefficients: [Double], tokenCounts: [[Int]]) -> [CorpusLoss]? {
    guard !tokenCounts.isEmpty else { return [] }
    return rows[SweepRow.key(coefficients)].flatMap {
      SweepRow.losses($0, tokenCounts: tokenCounts)
    }
  }

  /// Texts of a point.
  ///
  /// - Parameters:
  ///   - block: which.
  ///   - coefficients: of the point.
  /// - Returns: `nil` if there is no row of so many.
  public func texts(in block: TextBlock, at coefficients: [Double]) -> [GeneratedText]? {
    rows[GenerationRow.key(coefficients, block)].flatMap { GenerationRow.texts($0, block) }
  }
}
