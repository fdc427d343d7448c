import Foundation
import TestSupport

/// One run of the program, as a user would start it.
struct Run {
  let code: Int32
  let output: String
  let errors: String

  /// The lines on standard output.
  var lines: [Substring] { output.split(separator: "\n", omittingEmptySubsequences: false) }
  /// The lines on standard error.
  var errorLines: [Substring] { errors.split(separator: "\n") }

  /// Runs the program that was built with these tests.
  ///
  /// - Parameters:
  ///   - arguments: without the program's name.
  ///   - environment: besides an empty home.
  ///   - place: the folder to run in, or `nil` for that of the tests.
  ///   - fileSizeLimit: the most bytes that it may write into one file, a multiple of 512; `nil` is
  ///     no limit.
  /// - Throws: if it cannot be started.
  init(
    _ arguments: [String], environment: [String: String] = [:], in place: String? = nil,
    fileSizeLimit: Int? = nil
  ) throws {
    let folder = try TemporaryFolder()
    let (output, errors) = (try folder.write([], to: "out"), try folder.write([], to: "err"))
    let process = Process()
    process.executableURL = Run.program
    process.arguments = arguments
    if let fileSizeLimit {
      process.executableURL = URL(fileURLWithPath: "/bin/sh")
      let script = "ulimit -f \(fileSizeLimit / 512); exec \"$0\" \"$@\""
      process.arguments = ["-c", script, Run.program.path] + arguments
    }
    if let place { process.currentDirectoryURL = URL(fileURLWithPath: place) }
    process.environment = ["HOME": folder.path].merging(environment) { $1 }
    process.standardOutput = FileHandle(forWritingAtPath: output)
    process.standardError = FileHandle(forWritingAtPath: errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    code = process.terminationStatus
    self.output = try String(contentsOfFile: output, encoding: .utf8)
    self.errors = try String(contentsOfFile: errors, encoding: .utf8)
  }

  /// Runs the program that was built with these tests.
  ///
  /// - Parameter arguments: without the program's name.
  /// - Throws: if it cannot be started.
  init(_ arguments: String...) throws { try self.init(arguments) }

  /// Starts the program without waiting for it; what it prints is lost.
  ///
  /// - Parameter arguments: without the program's name.
  /// - Returns: the process.
  /// - Throws: if it cannot be started.
  static func start(_ arguments: [String]) throws -> Process {
    let process = Process()
    (process.executableURL, process.arguments) = (program, arguments)
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    // A child inherits the mask of the thread that starts it, and those of tests block signals.
    var (none, mask) = (sigset_t(), sigset_t())
    sigemptyset(&none)
    pthread_sigmask(SIG_SETMASK, &none, &mask)
    defer { pthread_sigmask(SIG_SETMASK, &mask, nil) }
    try process.run()
    return process
  }

  /// Beside the tests' own executable.
  private static let program: URL = {
    let tests = Bundle.main.executableURL ?? URL(fileURLWithPath: CommandLine.arguments[0])
    return tests.deletingLastPathComponent().appendingPathComponent("transect")
  }()

  /// Standard output as JSON, one object a line.
  func objects() throws -> [[String: Any]] {
    try output.split(separator: "\n").map { line in
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
    }
  }

  /// Standard output as comma-separated values without quotes, by the names of the columns.
  var table: [[Substring: Substring]] {
    let rows = output.split(separator: "\n").map {
      $0.split(separator: ",", omittingEmptySubsequences: false)
    }
    guard let names = rows.first else { return [] }
    return rows.dropFirst().map { Dictionary(zip(names, $0)) { first, _ in first } }
  }
}

/// A checkpoint of Tests/Fixtures.
func fixture(_ name: String) -> String {
  PackageFolder.path("Tests/Fixtures/\(name).safetensors")
}

/// A checkpoint of the family that ships.
func miniature(_ name: String) -> String { PackageFolder.path("notebooks-data/miniature/\(name)") }

/// The content of a file.
func content(_ path: String) throws -> [UInt8] {
  Array(try Data(contentsOf: URL(fileURLWithPath: path)))
}
