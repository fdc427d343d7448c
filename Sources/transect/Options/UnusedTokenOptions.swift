import ArgumentParser
import Checkpoints
import Geometry

/// Which tokens no text contained.
struct UnusedTokenOptions: ParsableArguments {
  @Option(help: "Rows of the embedding that no text contained, as 1-99,105.")
  var unusedTokens: String?

  func validate() throws {
    if let unusedTokens { _ = try ranges(of: unusedTokens) }
  }

  /// The rows given; if none, those that the `vocab.txt` beside the checkpoint calls unused.
  ///
  /// - Throws: `CheckpointError` if the vocabulary cannot be read.
  func unusedTokenRanges(_ model: ParameterList) throws -> [Range<Int>] {
    if let unusedTokens { return try ranges(of: unusedTokens) }
    return try UnusedTokens(beside: model.checkpoint).ranges
  }

  private func ranges(of text: String) throws -> [Range<Int>] {
    try text.split(separator: ",").map { part in
      let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
      guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2,
        first >= 0, last >= first, last < Int.max
      else { throw ValidationError("'\(part)' is no range of rows such as 1-99") }
      return first..<last + 1
    }
  }

  /// The options that shape a result.
  var recorded: [String] { unusedTokens.map { ["--unused-tokens", $0] } ?? [] }
}
