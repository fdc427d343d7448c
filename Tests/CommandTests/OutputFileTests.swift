import Foundation
import TestSupport
import Testing

@Suite struct OutputFileTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func path(_ name: String) -> String { folder.path + "/" + name }

  private func norms(_ options: [String], to name: String) throws -> Run {
    try Run(["norms", fixture("base"), fixture("tuned"), "-q", "-o", path(name)] + options)
  }

  @Test("The output is an HDF5 file, and nothing is left beside it")
  func signature() throws {
    let run = try norms([], to: "a.h5")
    #expect(run.code == 0)
    #expect(
      try content(path("a.h5")).prefix(8) == [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A])
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["a.h5"])
  }

  @Test(
    "Its bytes depend neither on threads, memory nor reading, nor on what is printed",
    arguments: [
      [], ["--threads", "1"], ["--threads", "7"], ["--io", "pread", "--threads", "3"],
      ["--memory", "32MB"], ["--by", "layer", "--sort", "distance"], ["--json"],
    ])
  func sameBytes(options: [String]) throws {
    _ = try norms([], to: "first.h5")
    _ = try norms(options, to: "second.h5")
    #expect(try content(path("first.h5")) == content(path("second.h5")))
  }

  @Test("So are those of larger models")
  func miniatures() throws {
    let models = [miniature("base"), miniature("tuned"), miniature("scratch")]
    for (name, options) in [
      ("1.h5", ["--threads", "1"]), ("4.h5", ["--threads", "4", "--io", "pread"]),
    ] {
      _ = try Run(["norms"] + models + ["-q", "-o", path(name)] + options)
    }
    #expect(try content(path("1.h5")) == content(path("4.h5")))
  }

  @Test("A file with other content stays unless --force is given")
  func overwriting() throws {
    let old = try folder.write(Array("mine".utf8), to: "a.h5")
    let refused = try norms([], to: "a.h5")
    #expect(refused.code == 2)
    #expect(refused.errorLines.count == 1)
    #expect(refused.errors.contains("--force"))
    #expect(try content(old) == Array("mine".utf8))
    #expect(try norms(["--force"], to: "a.h5").code == 0)
    #expect(try content(old).first == 0x89)
    #expect(try norms([], to: "a.h5").code == 0)  // the same content again
  }

  @Test("A foreign HDF5 file and another command's result are refused before any work")
  func foreignResult() throws {
    let foreign = try folder.write([0x89] + Array("HDF\r\n\u{1A}\nmore".utf8), to: "foreign.h5")
    let prompt = ["--prompt", "The", "--alpha", "0.5", "-o"]
    let next = ["next", miniature("base"), miniature("tuned")] + prompt
    // A tokenizer that is not there would be found missing only after the output is checked.
    let late = ["--tokenizer", folder.path + "/none"]
    #expect(try Run(next + [path("new.h5")] + late).errors.contains("none"))
    #expect(try Run(next + [path("next.h5")]).code == 0)
    #expect(try Run(next + [path("next.h5")]).code == 0)
    for (output, options) in [(foreign, late), (path("next.h5"), ["--top", "3"] + late)] {
      let run = try Run(next + [output] + options)
      #expect(run.code == 2 && run.errors.contains("exists with other content"), "\(run.errors)")
    }
    #expect(try Run(["norms", fixture("base"), fixture("tuned"), "-q", "-o", foreign]).code == 2)
  }

  @Test("An input is never written to, under whatever name and force")
  func inputs() throws {
    let input = try folder.write(content(fixture("tuned")), to: "input.safetensors")
    try FileManager.default.createSymbolicLink(
      atPath: path("link.h5"), withDestinationPath: input)
    try FileManager.default.linkItem(atPath: input, toPath: path("hard.h5"))
    for output in [input, path("link.h5"), path("hard.h5"), path("./input.safetensors")] {
      let run = try Run("norms", fixture("base"), input, "--force", "-o", output)
      #expect(run.code == 2)
      #expect(run.errors.contains("is one of the inputs"))
    }
    #expect(try content(input) == content(fixture("tuned")))
  }

  @Test("A folder that is missing, or an output that is one, ends with 2")
  func unusable() throws {
    #expect(try norms([], to: "missing/a.h5").code == 2)
    let run = try Run("norms", fixture("base"), fixture("tuned"), "-q", "-o", folder.path)
    #expect(run.code == 2)
    #expect(run.errorLines.count == 1)
  }

  @Test("Paths are recorded only on request")
  func paths() throws {
    let input = try folder.write(content(fixture("tuned")), to: "secret-place/tuned.safetensors")
    for (name, options) in [("bare.h5", []), ("full.h5", ["--record-paths"])] {
      _ = try Run(["norms", fixture("base"), input, "-q", "-o", path(name)] + options)
      let found = try Data(content(path(name))).range(of: Data("secret-place".utf8)) != nil
      #expect(found == (name == "full.h5"))
    }
  }

  @Test("The time is recorded only if SOURCE_DATE_EPOCH gives one")
  func date() throws {
    let arguments = ["norms", fixture("base"), fixture("tuned"), "-q", "-o", path("dated.h5")]
    _ = try Run(arguments, environment: ["SOURCE_DATE_EPOCH": "1700000000"])
    #expect(try Data(content(path("dated.h5"))).range(of: Data("1700000000".utf8)) != nil)
  }
}
