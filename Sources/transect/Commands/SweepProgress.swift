/// How far a sweep is, on standard error, where that is a terminal.
final class SweepProgress {
  private let total: Int
  private let tokensPerPoint: Int
  private let line = StatusLine()
  private let start = StatusLine.now()
  private var done = 0

  /// Begins to count.
  ///
  /// - Parameters:
  ///   - total: points to evaluate.
  ///   - tokensPerPoint: tokens that each takes through the model.
  init(of total: Int, tokensPerPoint: Int) {
    (self.total, self.tokensPerPoint) = (total, tokensPerPoint)
    if total > 0 { line.show("0 of \(total) points") }
  }

  /// Counts a point.
  func advance() {
    done += 1
    let seconds = max(StatusLine.now() - start, 1e-9)
    let rate = Double(done * tokensPerPoint) / seconds
    let left = seconds / Double(done) * Double(total - done)
    line.show("\(done) of \(total) points, \(Int(rate)) tokens/s, \(Int(left.rounded(.up))) s left")
  }

  /// Clears the line.
  func end() { line.clear() }
}
