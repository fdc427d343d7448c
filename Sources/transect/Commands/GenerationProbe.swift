import Evaluation
import Generation

extension GenerationSweep {
  /// Seconds that all texts of a point take, by a probe of the first prompt's.
  ///
  /// - Parameter coefficients: of the point.
  /// - Returns: an estimate.
  /// - Throws: what ``texts(at:)`` throws.
  func probedSeconds(at coefficients: [Double]) throws -> Double {
    let count = blocks.reduce(0) { $0 + $1.samples.count }
    let most = min(count, blocks[0].samples.count)
    let seconds = try transect.probedSeconds(ofAll: Array(repeating: 1, count: most)) {
      _ = try texts(in: [TextBlock(prompt: 0, samples: 0..<$0)], at: coefficients)
    }
    return seconds * Double(count) / Double(most)
  }
}
