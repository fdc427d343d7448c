import Glibc

/// How far a sweep is, on standard error, where that is a terminal.
final class SweepProgress {
  private let total: Int
  private let tokensPerPoint: Int?
  private let isShown = isatty(STDERR_FILENO) == 1
  private let start = SweepProgress.now()
  private var done = 0

  /// Begins to count.
  ///
  /// - Parameters:
  ///   - total: points to evaluate.
  ///   - tokensPerPoint: tokens that each takes through the model, if that is known.
  init(of total: Int, tokensPerPoint: Int? = nil) {
    (self.total, self.tokensPerPoint) = (total, tokensPerPoint)
    if total > 0 { show("0 of \(total) points") }
  }

  /// Counts points.
  ///
  /// - Parameter count: how many more are done.
  func advance(by count: Int = 1) {
    done += count
    let seconds = max(SweepProgress.now() - start, 1e-9)
    let rate = tokensPerPoint.map { ", \(Int(Double(done * $0) / seconds)) tokens/s" } ?? ""
    let left = seconds / Double(done) * Double(total - done)
    show("\(done) of \(total) points\(rate), \(Int(left.rounded(.up))) s left")
  }

  /// Clears the line.
  func end() { if isShown { write("\r\u{1B}[K") } }

  private func show(_ text: String) { if isShown { write("\r\u{1B}[K" + text) } }

  private func write(_ text: String) {
    _ = text.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
  }

  private static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
