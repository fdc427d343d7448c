import Foundation
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
      ["--alpha", "0.5"], ["--ensemble", "weights"],
    ] {
      let run = try Run(["generate", miniature("tuned"), "--prompt", prompt] + options)
      #expect(run.code == 64)
    }
    #expect(try generate("--prompt", prompt, from: ["base", "tuned"]).code == 64)
  }

  private static let line = ["tuned-negative", "tuned"]

  @Test("Each point of a sweep has the texts that it has alone")
  func points() throws {
    let rows = try generate(
      "--alpha", "0,0.5,2", "--prompt", "This movie is", "--json", from: GenerateCommandTests.line
    ).objects().dropFirst()
    #expect(rows.compactMap { $0["point"] as? Int } == [0, 0, 0, 1, 1, 1, 2, 2, 2])
    for alpha in [0, 0.5, 2] {
      let alone = try generate(
        "--alpha", "\(alpha)", "--prompt", "This movie is", "--json",
        from: GenerateCommandTests.line)
      #expect(
        try texts(alone)
          == rows.filter { $0["alpha"] as? Double == alpha }.compactMap { $0["text"] as? String })
    }
  }

  @Test("Lists of plus and minus are a grid, whose columns tell the place")
  func grid() throws {
    let run = try generate(
      "--base", miniature("base"), "--plus", "0:1:2", "--minus=-1,0", "--prompt", "A", "--csv",
      from: GenerateCommandTests.line)
    let places = run.table.filter { $0["sample"] == "0" }.map { [$0["w_plus"], $0["w_minus"]] }
    #expect(places == [["0.0", "-1.0"], ["1.0", "-1.0"], ["0.0", "0.0"], ["1.0", "0.0"]])
  }

  @Test("A sweep that was killed or told to stop goes on to the same bytes")
  func resumption() throws {
    let paths = ["whole", "resumed"].map { folder.path + "/\($0).h5" }
    let options = [
      "generate", miniature("tuned-negative"), miniature("tuned"), "--alpha", "0:1:60",
      "--ensemble", "dexperts", "--prompt", "This movie is", "-q", "--max-new", "4",
    ]
    #expect(try Run(options + ["-o", paths[0], "--threads", "1"]).code == 0)
    let journal = paths[1] + ".journal/rank-0000.jsonl"
    for signal in [SIGKILL, SIGTERM] {
      let before = (try? content(journal).count) ?? 120
      let process = try Run.start(options + ["-o", paths[1]])
      while process.isRunning, (try? content(journal).count) ?? 0 <= before { usleep(100) }
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      #expect(process.terminationStatus == (signal == SIGKILL ? SIGKILL : 75))
      #expect(FileManager.default.fileExists(atPath: journal))
    }
    #expect(try Run(options + ["-o", paths[1], "--batch-size", "3"]).code == 0)
    #expect(try content(paths[0]) == content(paths[1]))
    #expect(!FileManager.default.fileExists(atPath: paths[1] + ".journal"))
  }

  @Test("Texts of a run with another seed, prompt or combination are not taken for this one's")
  func otherRuns() throws {
    let output = folder.path + "/o.h5"
    let options = ["generate"] + GenerateCommandTests.line.map(miniature) + ["-n", "1", "-q"]
    let process = try Run.start(
      options + ["--alpha", "0:1:20000", "--prompt", "A", "-o", output])
    let journal = output + ".journal/rank-0000.jsonl"
    while process.isRunning, (try? content(journal).count) ?? 0 < 200 { usleep(100) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    for other in [
      ["--prompt", "B"], ["--prompt", "A", "--seed", "2"],
      ["--prompt", "A", "--ensemble", "logits"], ["--prompt", "A", "--max-new", "2"],
    ] {
      let run = try Run(options + ["--alpha", "0.5", "-o", output] + other)
      #expect(run.code == 2 && run.errors.contains("--force"))
    }
    #expect(try Run(options + ["--alpha", "0.5", "-o", output, "--prompt", "A"]).code == 0)
  }

  @Test("At the ends of a line an ensemble of logits writes what its checkpoints write")
  func ensembles() throws {
    func run(_ options: String...) throws -> [[String: Any]] {
      try generateObjects(["--prompt", "This movie is", "--json"] + options)
    }
    let (weights, logits) = (
      try run("--alpha", "0,1"), try run("--alpha", "0,1", "--ensemble", "logits")
    )
    #expect(weights[0]["combination"] as? String == "weights")
    #expect(logits[0]["combination"] as? String == "logits")
    #expect(logits[0]["filter"] as? String == "ensemble")
    #expect(
      weights.dropFirst().map { $0["text"] as? String }
        == logits.dropFirst().map { $0["text"] as? String })
    let filtered = try run("--alpha", "1", "--ensemble", "dexperts", "--top-p", "0.3")
    #expect(filtered[0]["filter"] as? String == "tuned-negative")
    #expect(filtered.count == 4)
  }

  private func generateObjects(_ options: [String]) throws -> [[String: Any]] {
    try Run(
      ["generate"] + GenerateCommandTests.line.map(miniature) + ["-n", "3", "--max-new", "6"]
        + options
    ).objects()
  }

  @Test("Weights that do not sum to 1 are told, those that do are not")
  func weightSum() throws {
    func errors(_ weights: [String]) throws -> String {
      try generate(
        "--prompt", "A", "--weight", weights[0], "--weight", weights[1],
        from: GenerateCommandTests.line
      ).errors
    }
    #expect(try errors(["0.5", "0.7"]).contains("the weights sum to 1.2"))
    #expect(try errors(["0.3", "0.7"]).isEmpty)
  }

  @Test("A prompt that exceeds the context is named by its number, in generate and in next")
  func longPrompt() throws {
    let long = Array(repeating: "word", count: 400).joined(separator: " ")
    let prompts = try folder.write(Array("Short\n\(long)\n".utf8), to: "prompts.txt")
    let run = try generate("--prompts", prompts, "--lines")
    #expect(run.code == 2 && run.errors.contains("prompt 1 has"))
    let next = try Run("next", miniature("base"), miniature("tuned"), "--prompt", long)
    #expect(next.code == 2 && next.errors.contains("prompt 0 has"))
    let word = try Run(
      "next", miniature("base"), miniature("tuned"), "--prompt", "A", "--words", long)
    #expect(word.code == 2 && word.errors.contains("the prompt with"))
  }

  @Test("Prompts that are no UTF-8, or empty, are read byte by byte and written safely")
  func bytes() throws {
    let prompts = try folder.write([0xFF, 0xC3, 0x28, 0x1B, 0x5B, 0x32, 0x4A, 10, 10], to: "p.txt")
    let output = folder.path + "/o.h5"
    let run = try generate("--prompts", prompts, "--lines", "-o", output)
    #expect(run.code == 0)
    #expect(!run.output.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" })
    let rows = try generate("--prompts", prompts, "--lines", "--json").objects().dropFirst()
    #expect(rows.compactMap { $0["prompt_id"] as? Int } == [0, 0, 0, 1, 1, 1])
  }
}
