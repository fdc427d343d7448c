import Foundation
import TestSupport
import Testing

/// What `generate`, and `path` and `plane` with `--generate`, refuse before any work.
@Suite struct GenerateLimitsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func generate(_ options: String..., limit: Int? = nil) throws -> Run {
    try Run(
      ["generate", miniature("tuned"), "--max-new", "4", "-n", "2"] + options,
      fileSizeLimit: limit)
  }

  private func path(_ options: String...) throws -> Run {
    try Run(["path", miniature("base"), miniature("tuned"), "--max-new", "4"] + options)
  }

  @Test("A prompt that exceeds the context is named with its file before a journal is begun")
  func longPrompt() throws {
    let long = Array(repeating: "word", count: 400).joined(separator: " ")
    let prompts = try folder.write(Array("Short\n\(long)\n".utf8), to: "prompts.txt")
    let output = folder.path + "/o.h5"
    for run in [
      try generate("--prompts", prompts, "-o", output),
      try path("--generate", prompts, "-o", output),
    ] {
      #expect(run.code == 2 && run.errorLines.count == 1)
      #expect(run.errors.hasPrefix("transect: \(prompts): prompt 1 has "))
      #expect(run.errors.contains("tokens to read, but the context holds 128"))
      #expect(!FileManager.default.fileExists(atPath: output + ".journal"))
    }
    #expect(try generate("--prompt", long).errors.contains("--prompt: prompt 0 has "))
  }

  @Test("A file without prompts is refused, and one that ends in .txt has a prompt a line")
  func files() throws {
    let none = try folder.write([], to: "none")
    let lines = try folder.write(Array("A\nB\n".utf8), to: "lines.txt")
    for run in [
      try generate("--prompts", none, "--lines"), try path("--generate", none),
      try generate("--prompts", try folder.write([], to: "none.txt")),
    ] {
      #expect(run.code == 2 && run.errors.contains("has no prompts"))
    }
    let run = try generate("--prompts", lines, "--json")
    #expect(try run.objects().compactMap { $0["prompt_id"] as? Int } == [0, 0, 1, 1])
    #expect(try run.output == generate("--prompts", lines, "--lines", "--json").output)
  }

  @Test("More texts than memory holds are refused, however many prompts and points make them")
  func texts() throws {
    let prompts = try folder.write(Array("A\nB\n".utf8), to: "lines.txt")
    for run in [
      try generate("--prompt", "a", "-n", "1000000000000"),
      try generate("--prompt", "a", "-n", "\(Int.max)"),
      try generate("--prompts", prompts, "-n", "20000", "--memory", "32MB"),
      try path("--generate", prompts, "-n", "\(Int.max)", "--alpha", "0:1:100000"),
    ] {
      #expect(run.code == 64 && run.errors.contains("more texts than the"))
    }
  }

  @Test("A tokenizer with fewer tokens than the model is told, once")
  func fewerTokens() throws {
    let model = folder.path + "/fewer"
    try FileManager.default.copyItem(atPath: miniature("tuned"), toPath: model)
    let file = model + "/vocab.json"
    var tokens = try #require(
      JSONSerialization.jsonObject(with: Data(content(file))) as? [String: Int])
    tokens["<|endoftext|>"] = nil
    try JSONSerialization.data(withJSONObject: tokens).write(to: URL(fileURLWithPath: file))
    let run = try Run("generate", model, "--prompt", "a", "-n", "3")
    #expect(run.code == 0 && run.errorLines.count == 1)
    #expect(run.errors.contains("warning: the tokenizer has 1023 tokens and the model 1024"))
  }

  @Test("At the limit of a file's size the journal says so")
  func fileSize() throws {
    let run = try generate(
      "--prompt", "a", "-n", "4000", "-q", "-o", folder.path + "/o.h5", limit: 4096)
    #expect(run.code == 2 && run.errors.contains("cannot be appended to: File too large"))
  }

  @Test("A run of one point and one prompt that was told to stop goes on from its finished texts")
  func progress() throws {
    let paths = ["whole", "resumed"].map { folder.path + "/\($0).h5" }
    let options = [
      "generate", miniature("tuned"), "--prompt", "This movie is", "-q", "--max-new", "8", "-n",
      "3000",
    ]
    #expect(try Run(options + ["-o", paths[0], "--threads", "1"]).code == 0)
    let journal = paths[1] + ".journal/rank-0000.jsonl"
    let process = try Run.start(options + ["-o", paths[1], "--batch-size", "64"])
    while process.isRunning, (try? content(journal).count) ?? 0 < 1000 { usleep(100) }
    kill(process.processIdentifier, SIGTERM)
    process.waitUntilExit()
    #expect(process.terminationStatus == 75)
    let rows = try content(journal).count { $0 == UInt8(ascii: "\n") } - 1
    #expect((1..<47).contains(rows))
    #expect(try Run(options + ["-o", paths[1], "--batch-size", "7"]).code == 0)
    #expect(try content(paths[0]) == content(paths[1]))
  }
}
