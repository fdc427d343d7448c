import Glibc

/// A line on standard error that is written over, where that is a terminal.
struct StatusLine {
  private let isShown = isatty(STDERR_FILENO) == 1

  /// Replaces the line.
  func show(_ text: String) { if isShown { write("\r\u{1B}[K" + text) } }

  /// Removes the line.
  func clear() { if isShown { write("\r\u{1B}[K") } }

  private func write(_ text: String) {
    _ = text.withCString { Glibc.write(STDERR_FILENO, $0, strlen($0)) }
  }

  /// Seconds of a clock that is never set.
  static func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
