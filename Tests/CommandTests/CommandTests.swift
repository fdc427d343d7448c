import Foundation
import TestSupport
import Testing

/// Runs the built tool as a user does.
@Suite struct CommandTests {
  private static let models =
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path + "/notebooks-data/miniature"
  private let base = models + "/base"
  private let tuned = models + "/tuned"
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private struct Outcome {
    let code: Int32
    let output: String
    let errors: [Substring]
  }

  private func transect(_ arguments: String...) throws -> Outcome {
    let process = Process()
    process.executableURL = Bundle.main.bundleURL.appendingPathComponent("transect")
    if !FileManager.default.isExecutableFile(atPath: process.executableURL?.path ?? "") {
      process.executableURL = URL(
        fileURLWithPath: Self.models + "/../../.build/debug/transect")
    }
    let errorsPath = try folder.write([], to: "errors-\(UUID().uuidString)")
    let (output, errors) = (Pipe(), try FileHandle(forWritingTo: URL(fileURLWithPath: errorsPath)))
    (process.standardOutput, process.standardError, process.arguments) = (output, errors, arguments)
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let complaint = try String(contentsOfFile: errorsPath, encoding: .utf8)
    return Outcome(
      code: process.terminationStatus, output: text, errors: complaint.split(separator: "\n"))
  }

  @Test("A fine-tune is near its base in every tensor and another initialization is not")
  func effect() throws {
    let outcome = try transect(
      "norms", base, tuned, Self.models + "/scratch", "--json", "--threads", "2")
    #expect(outcome.code == 0)
    let rows = try outcome.output.split(separator: "\n").compactMap { line in
      try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    }.filter { $0["kind"] as? String == "row" }
    #expect(rows.count == 2 * 76)
    var distances: [String: [Double]] = [:]
    for row in rows {
      let tensor = try #require(row["tensor"] as? String)
      distances[tensor, default: []].append(try #require(row["diff_scaled"] as? Double))
    }
    #expect(distances.values.allSatisfy { $0.count == 2 && $0[1] > 3 * $0[0] })
  }

  @Test("A result file has the same bytes for any number of threads and way of reading")
  func reproducible() throws {
    let (one, two) = (folder.path + "/1.h5", folder.path + "/2.h5")
    #expect(try transect("norms", base, tuned, "-o", one, "--threads", "1", "-q").code == 0)
    #expect(
      try transect(
        "norms", base, tuned, "-o", two, "--threads", "5", "--io", "pread", "--memory", "32MB", "-q"
      ).code == 0)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: one))
    #expect(try bytes == Data(contentsOf: URL(fileURLWithPath: two)))
    #expect(bytes.prefix(8) == Data([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]))
  }

  @Test("Nothing is replaced by accident, neither a result nor an input")
  func overwriting() throws {
    let result = folder.path + "/r.h5"
    #expect(try transect("norms", base, tuned, "-o", result, "-q").code == 0)
    #expect(try transect("norms", base, tuned, "-o", result, "-q").code == 0)
    let refused = try transect("norms", tuned, base, "-o", result, "-q")
    #expect(refused.code == 2)
    #expect(refused.errors.count == 1 && refused.errors[0].contains("--force"))
    #expect(try transect("norms", tuned, base, "-o", result, "-q", "--force").code == 0)
    let copy = folder.path + "/copy.safetensors"
    try FileManager.default.copyItem(atPath: base + "/model.safetensors", toPath: copy)
    #expect(try transect("norms", copy, tuned, "-o", copy, "--force").code == 2)
    #expect(try transect("inspect", copy).code == 0)
  }

  @Test("Unusable input gives one line that names the file, and exit code 2")
  func unusableInput() throws {
    let bad = try folder.write(Array("nonsense, not a checkpoint".utf8), to: "bad.safetensors")
    for arguments in [
      ["norms", base, bad], ["inspect", bad], ["inspect", folder.path + "/none"],
    ] {
      let outcome = try transect(
        arguments[0], arguments[1], arguments.count > 2 ? arguments[2] : "--json")
      #expect(outcome.code == 2)
      #expect(outcome.errors.count == 1)
      #expect(outcome.errors.first?.contains(arguments[arguments.count - 1]) == true)
    }
  }

  @Test(
    "Wrong arguments give exit code 64",
    arguments: [
      ["--threads", "0"], ["--memory", "1MB"], ["--include", "("], ["--json", "--csv"],
    ])
  func wrongArguments(options: [String]) throws {
    #expect(try transect("norms", base, tuned, options[0], options[1]).code == 64)
    #expect(try transect("norms", base).code == 64)
  }

  @Test("--strict tells by exit code 3 that something was not compared")
  func strict() throws {
    let one = SafetensorsBytes.file([(name: "a", dtype: "U8", shape: [1], bytes: [1])])
    let two = SafetensorsBytes.file([
      (name: "a", dtype: "U8", shape: [1], bytes: [1]),
      (name: "b", dtype: "U8", shape: [1], bytes: [1]),
    ])
    let paths = try (folder.write(one, to: "1.safetensors"), folder.write(two, to: "2.safetensors"))
    #expect(try transect("norms", paths.0, paths.1).code == 0)
    #expect(try transect("norms", paths.0, paths.1, "--strict").code == 3)
  }

  @Test("The digest of a model depends on what it holds, not on the order of the file")
  func digest() throws {
    let tensors = [
      (name: "a", dtype: "U8", shape: [1], bytes: [UInt8(1)]),
      (name: "b", dtype: "U8", shape: [1], bytes: [2]),
    ]
    let digests = try [tensors, tensors.reversed()].enumerated().map { index, content in
      let path = try folder.write(SafetensorsBytes.file(content), to: "\(index).safetensors")
      let lines = try transect("inspect", path, "--digest").output.split(separator: "\n")
      return try #require(lines.first { $0.hasPrefix("model digest: ") })
    }
    #expect(digests[0] == digests[1])
  }
}
