import Foundation
import TestSupport
import Testing

@Suite struct ExitCodeTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func expectFault(_ arguments: [String], naming path: String) throws {
    let run = try Run(arguments)
    #expect(run.code == 2)
    #expect(run.output == "")
    #expect(run.errorLines.count == 1)
    #expect(run.errors.hasPrefix("transect: ") && run.errors.contains(path))
  }

  @Test("A file that is missing, or is no checkpoint, ends with 2 and one line naming it")
  func badInputs() throws {
    let missing = folder.path + "/missing.safetensors"
    let text = try folder.write(Array("no checkpoint".utf8), to: "text.safetensors")
    let empty = try folder.write([], to: "empty.safetensors")
    for bad in [missing, text, empty, folder.path] {
      try expectFault(["norms", fixture("base"), bad], naming: bad)
      try expectFault(["norms", bad, fixture("base")], naming: bad)
      try expectFault(["inspect", bad], naming: bad)
    }
  }

  @Test("A file whose first bytes fit no format is called that")
  func unknownFormat() throws {
    // The header of a llama2.c model: seven 32-bit integers, then floats.
    let numbers: [Int32] = [64, 172, 5, 8, 4, 512, 512]
    let long = numbers.flatMap(littleEndian) + [UInt8](repeating: 7, count: 4000)
    let short = [16, 0, 0, 0, 0, 0, 0, 0] + [UInt8](repeating: 7, count: 40)
    for (name, content) in [("long.bin", long), ("short.bin", short)] {
      let path = try folder.write(content, to: name)
      let run = try Run("inspect", path)
      #expect(run.code == 2 && run.errors.contains("of no format known here"))
    }
  }

  @Test("A hostile name cannot break the one line")
  func hostileName() throws {
    let bad = try folder.write([1], to: "a\nb\u{1B}.safetensors")
    let run = try Run("inspect", bad)
    #expect(run.code == 2)
    #expect(run.errors.dropLast().allSatisfy { $0 != "\n" && $0 != "\u{1B}" })
  }

  @Test("Checkpoints without a common tensor end with 2")
  func nothingInCommon() throws {
    let other = try folder.checkpoint("other.safetensors", [.init("x", [1], [1])])
    try expectFault(["norms", fixture("base"), other.path], naming: other.path)
  }

  @Test(
    "Wrong arguments end with 64",
    arguments: [
      ["norms"], ["norms", "a"], ["inspect"], ["inspect", "a", "b"], ["unknown"],
      ["norms", "a", "b", "--unknown"], ["norms", "a", "b", "--json", "--csv"],
      ["inspect", "a", "--json", "--csv"], ["norms", "a", "b", "--top", "0"],
      ["norms", "a", "b", "--threads", "0"], ["norms", "a", "b", "--threads", "1025"],
      ["norms", "a", "b", "--memory", "31MB"], ["norms", "a", "b", "--memory", "-5GB"],
      ["norms", "a", "b", "--by", "nothing"], ["norms", "a", "b", "--include", "("],
      ["norms", "a", "b", "-o", "-"], ["norms", "a", "b", "--io", "magic"],
    ])
  func wrongArguments(arguments: [String]) throws {
    let run = try Run(arguments)
    #expect(run.code == 64)
    #expect(run.output == "")
    #expect(!run.errors.isEmpty)
  }

  @Test(
    "Help and version end with 0", arguments: [["--help"], ["--version"], ["norms", "--help"]])
  func help(arguments: [String]) throws {
    let run = try Run(arguments)
    #expect(run.code == 0)
    #expect(!run.output.isEmpty)
    #expect(run.errors == "")
  }

  @Test(
    "Sizes of memory have decimal and binary units", arguments: ["32MB", "64MiB", "1g", "99999999"])
  func memory(size: String) throws {
    #expect(try Run("norms", fixture("base"), fixture("tuned"), "--memory", size).code == 0)
  }
}
