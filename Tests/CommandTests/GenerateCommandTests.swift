import TestSupport
import Testing

@Suite struct GenerateCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func generate(_ options: String..., from models: [String] = ["tuned"]) throws -> Run {
    try Run(["generate"] + models.map(miniature) + ["--max-new", "6", "-n", "3"] + options)
  }

  private func texts(_ run: Run) throws -> [String] {
    try run.objects().compactMap { $0["text"] as? String }
  }

  @Test("A text for each prompt and sample, the same for any threads and batches")
  func seed() throws {
    let prompts = try folder.write(Array("This movie is\n\nThe actors\n".utf8), to: "prompts.txt")
    let options = ["--prompts", prompts, "--lines", "--json", "--seed", "7"]
    let expected = try Run(["generate", miniature("tuned"), "-n", "4"] + options)
    #expect(expected.code == 0)
    let rows = try expected.objects().dropFirst()
    #expect(rows.count == 12)
    #expect(rows.compactMap { $0["prompt_id"] as? Int } == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2])
    let again = try Run(
      ["generate", miniature("tuned"), "-n", "4", "--threads", "1", "--batch-size", "5"] + options)
    #expect(again.output == expected.output)
  }

  @Test("The ends of a line write what their checkpoints write, and another base moves them")
  func mixtures() throws {
    let prompt = ["--prompt", "This movie is", "--json"]
    func run(_ options: String..., models: [String]) throws -> [String] {
      try texts(Run(["generate"] + models.map(miniature) + options + ["-n", "2"] + prompt))
    }
    let (a, b) = (
      try run(models: ["tuned-negative"]), try run(models: ["tuned"])
    )
    let both = ["tuned-negative", "tuned"]
    #expect(a.count == 2 && a != b)
    #expect(try run("--alpha", "0", models: both) == a)
    #expect(try run("--alpha", "1", models: both) == b)
    #expect(try run("--weight", "0", "--weight", "1", models: both) == b)
    let base = ["--base", miniature("base")]
    let plane = try Run(
      ["generate"] + both.map(miniature) + base + ["--plus", "1", "--minus", "0", "-n", "2"]
        + prompt)
    #expect(plane.code == 0)
    #expect(try texts(plane).count == 2)
  }

  @Test("A result file passes its checks and is the same again")
  func resultFile() throws {
    let (first, second) = (folder.path + "/a.h5", folder.path + "/b.h5")
    for (path, threads) in [(first, "1"), (second, "2")] {
      let run = try generate("--prompt", "Great", "-q", "--threads", threads, "-o", path)
      #expect(run.code == 0 && run.output.isEmpty)
    }
    #expect(try content(first) == content(second))
  }

  @Test("What a model writes cannot steer a terminal")
  func escapes() throws {
    let run = try generate("--prompt", "\u{1B}[2J", "--temperature", "50", "--top-p", "1")
    #expect(run.code == 0)
    #expect(!run.output.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
  }

  @Test("Wrong numbers, and checkpoints without a point between them, are refused")
  func refusals() throws {
    let prompt = "x"
    for options in [
      ["--top-p", "1.1"], ["--top-k", "0"], ["--temperature=-1"], ["--max-new", "0"], ["-n", "0"],
      ["--alpha", "0.5"],
    ] {
      let run = try Run(["generate", miniature("tuned"), "--prompt", prompt] + options)
      #expect(run.code == 64)
    }
    #expect(try generate("--prompt", prompt, from: ["base", "tuned"]).code == 64)
  }
}
