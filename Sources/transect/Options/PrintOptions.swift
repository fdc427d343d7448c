import ArgumentParser
import Reports

/// In which form a command prints what it found, and how much of it.
struct PrintOptions: ParsableArguments {
  @Flag(help: "Print JSON lines instead of text.")
  var json = false

  @Flag(help: "Print comma-separated values instead of text.")
  var csv = false

  @Flag(name: .shortAndLong, help: "Print nothing but errors.")
  var quiet = false

  @Flag(name: .shortAndLong, help: "Print what was left out and why, and the peak memory.")
  var verbose = false

  func validate() throws {
    guard !(json && csv) else { throw ValidationError("--json and --csv exclude each other") }
  }

  /// Prints a report in the form asked for.
  ///
  /// - Parameters:
  ///   - jsonLines: the lines of JSON.
  ///   - table: the comma-separated values.
  ///   - text: the lines for a person.
  /// - Throws: `OutputError` if standard output cannot take it.
  func show(
    json jsonLines: @autoclosure () -> [String], csv table: @autoclosure () -> ReportTable,
    text: @autoclosure () -> [String]
  ) throws {
    if !quiet {
      try printLines(
        csv ? commaSeparatedLines(table()) : json ? jsonLines() : text())
    }
    if verbose { printError(PeakMemory().description) }
  }

  /// Prints a warning.
  ///
  /// - Parameter text: what is amiss.
  func warn(_ text: String) {
    if !quiet { printError("transect: warning: \(text)") }
  }

  /// Warns of values that are not finite, if there are any.
  ///
  /// - Parameter count: how many there are.
  func warn(ofNonfinite count: Int) {
    if count > 0 { warn("\(count.grouped) values are NaN or infinite") }
  }
}
