/// How far a sweep is, on standard error, where that is a terminal.
final class SweepProgress {
  private let total: Int
  private let tokensPerPoint: Int?
  private let line = StatusLine()
  private let start = StatusLine.now()
  private var done = 0

  /// Begins to count.
  ///
  /// - Parameters:
  ///   - total: points to evaluate.
  ///   - tokensPerPoint: tokens that each takes through the model, if that is known.
  init(of total: Int, tokensPerPoint: Int? = nil) {
    (self.total, self.tokensPerPoint) = (total, tokensPerPoint)
    if total > 0 { line.show("0 of \(total) points") }
  }

  /// Counts points.
  ///
  /// - Parameter count: how many more are done.
  func advance(by count: Int = 1) {
    done += count
    let seconds = max(StatusLine.now() - start, 1e-9)
    let rate = tokensPerPoint.map { ", \(Int(Double(done * $0) / seconds)) tokens/s" } ?? ""
    let left = seconds / Double(done) * Double(total - done)
    line.show("\(done) of \(total) points\(rate), \(Int(left.rounded(.up))) s left")
  }

  /// Clears the line.
  func end() { line.clear() }
}
