import TestSupport
import Testing

@Suite struct SolveCommandTests {
  private let base = miniature("base")
  private let tuned = miniature("tuned")

  @Test("A checkpoint is itself, a fine-tune is no mixture of others; exit codes say so")
  func codes() throws {
    let itself = try Run("solve", base, "--from", tuned, base)
    #expect(itself.code == 0 && itself.lines[0].hasPrefix("MIXTURE   base = 1.0000 base#2"))
    let other = try Run("solve", tuned, "--from", miniature("tuned-negative"), "--base", base)
    #expect(other.code == 1 && other.lines[0].hasPrefix("NOT A MIXTURE OF THESE"))
  }

  @Test("With a base it is told how often a delta was applied")
  func ways() throws {
    let applied = try Run("solve", tuned, "--from", tuned, "--base", base, "--json")
    let verdict = try applied.objects().last
    #expect(verdict?["ways"] as? [String] == ["delta from base to tuned#2: applied once"])
    let none = try Run("solve", base, "--from", tuned, "--base", base)
    #expect(none.code == 0 && none.output.contains("not applied"))
  }

  @Test(
    "A parameter that the checkpoint in question, or an input, lacks takes back a yes",
    arguments: 0..<3)
  func lacking(position: Int) throws {
    let folder = try TemporaryFolder()
    let paths = try (0..<3).map { number in
      let all = ["v", "w"].map { StoredTensor($0, [8], from: Double(number == 0 ? 1 : number)) }
      return try folder.write(
        SafetensorsBytes.file(number == position ? [all[1]] : all), to: "\(number).safetensors")
    }
    let run = try Run("solve", paths[0], "--from", paths[1], paths[2])
    #expect(run.code == 3)
    #expect(run.lines[0].hasPrefix("MIXTURE AS FAR AS COMPARED"))
    #expect(run.output.contains("1 parameter could not be compared"))
  }

  @Test("Equal runs write equal files")
  func output() throws {
    let folder = try TemporaryFolder()
    let paths = ["1.h5", "2.h5"].map { folder.path + "/" + $0 }
    for (path, threads) in zip(paths, ["1", "3"]) {
      let run = try Run(
        "solve", base, "--from", tuned, base, "-q", "-o", path, "--threads", threads)
      #expect(run.code == 0 && run.output == "")
    }
    #expect(try content(paths[0]) == content(paths[1]))
  }

  @Test(
    "Wrong arguments are told",
    arguments: [
      ["a"], ["a", "--from", "b"], ["a", "--from", "b", "c", "--by", "kind"],
      ["a", "--from", "b", "b"], ["a", "--from", "b", "--base", "b"], ["--from", "a", "b"],
    ])
  func wrong(arguments: [String]) throws {
    #expect(try Run(["solve"] + arguments).code == 64)
  }

  @Test("What is missing, or named twice, is said")
  func hints() throws {
    #expect(try Run("solve", "--from", base, tuned).errors.contains("before --from"))
    let twice = try Run("solve", tuned, "--from", base, base + "/")
    #expect(twice.code == 64 && twice.errors.contains("named twice"))
    let alone = try Run("solve", tuned, "--from", base, "--base", base + "/.")
    #expect(alone.code == 64 && alone.errors.contains("all that --from names"))
    #expect(try !Run("solve", "--help").output.contains("kind"))
  }

  @Test("A base that is a label of one input and the path of something else is an error")
  func ambiguousBase() throws {
    let folder = try TemporaryFolder()
    for name in ["m/a", "m/b", "a"] {
      let file = SafetensorsBytes.file([StoredTensor("w", [4], from: Double(name.count))])
      _ = try folder.write(file, to: name + "/model.safetensors")
    }
    for verb in [["gram", "m/a", "m/b"], ["solve", "m/a", "--from", "m/a", "m/b"]] {
      let run = try Run(verb + ["--base", "a"], in: folder.path)
      #expect(run.code == 64 && run.errors.contains("label of m/a"))
    }
    func base(_ argument: String) throws -> String? {
      let run = try Run(["gram", "m/a", "m/b", "--base", argument, "--json"], in: folder.path)
      return try run.objects().first?["base"] as? String
    }
    // By its label, by another path to the same folder, and as one more.
    #expect(try base("b") == "b" && base("./m/a/") == "a" && base("./a") == "a#2")
  }
}
