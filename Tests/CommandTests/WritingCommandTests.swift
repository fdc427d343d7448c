import Foundation
import TestSupport
import Testing

/// Texts and their scores along a path and on a plane.
@Suite struct WritingCommandTests {
  private let folder: TemporaryFolder
  private let prompts: String
  private let text: String

  private static let line = [miniature("tuned-negative"), miniature("tuned")]
  private static let short = ["-n", "3", "--max-new", "6", "--seed", "7"]

  init() throws {
    folder = try TemporaryFolder()
    prompts = try folder.write(Array("This movie is\nThe actors\n".utf8), to: "prompts.txt")
    text = try folder.write(Array("A great film.\nA dull one.\n".utf8), to: "text.txt")
  }

  private func classifier(_ name: String) -> String {
    PackageFolder.path("Tests/Fixtures/classifiers/\(name)")
  }

  private var scorers: [String] {
    [
      "--scorer", miniature("base"), "--sentiment", classifier("roberta"), "--grammar",
      classifier("gpt2"),
    ]
  }

  private func path(_ options: [String]) throws -> Run {
    try Run(["path"] + WritingCommandTests.line + WritingCommandTests.short + options)
  }

  private func samples(_ run: Run) throws -> [[String: Any]] {
    try run.objects().filter { $0["kind"] as? String == "sample" }
  }

  @Test("Texts are those of generate, and scores those that score gives them")
  func sameAsApart() throws {
    let points = ["--alpha", "0,0.5,1"]
    let joined = try path(points + scorers + ["--generate", prompts, "--json"])
    #expect(joined.code == 0)
    let alone = try Run(
      ["generate"] + WritingCommandTests.line + WritingCommandTests.short + points
        + ["--prompts", prompts, "--lines", "--json"])
    let keys = ["point", "alpha", "prompt_id", "sample", "text", "log_probability"]
    func facts(_ run: Run) throws -> [String] {
      try samples(run).map { row in keys.map { "\(row[$0] ?? "")" }.joined(separator: "|") }
    }
    #expect(try facts(joined).count == 18)
    #expect(try facts(joined) == facts(alone))
    let file = try folder.write(Array(alone.output.utf8), to: "texts.jsonl")
    let scores = try Run(["score", file, "--csv"] + scorers).table
    let rows = try path(points + scorers + ["--generate", prompts, "--csv"]).table
    #expect(rows.count == 3 && scores.count == 3)
    for (row, score) in zip(rows, scores) {
      for (name, value) in score
      where !["set", "point", "n_texts"].contains(name) && !name.hasPrefix("nll") {
        #expect(row[name] == value, "\(name)")
      }
    }
    #expect(rows.allSatisfy { $0["nll"] == nil && $0["grammar"] != nil })
  }

  @Test("Losses beside texts are those without them, and texts those without losses")
  func besideLosses() throws {
    let losses = ["--alpha", "0,0.5", "--text", text, "--lines", "--csv"]
    let writing = ["--alpha", "0,0.5", "--generate", prompts, "--csv"]
    let (plain, written) = (try path(losses).table, try path(writing).table)
    for ensemble in [[], ["--ensemble", "dexperts"]] {
      let both = try path(losses + ["--generate", prompts] + ensemble)
      #expect(both.code == 0 && both.table.count == 3)
      #expect(both.table[0]["nll"] == plain[0]["nll"])
      guard ensemble.isEmpty else { continue }
      for (mine, (loss, texts)) in zip(both.table, zip(plain, written)) {
        #expect(mine.merging(loss) { $1 } == mine && mine.merging(texts) { $1 } == mine)
      }
    }
  }

  @Test(
    "A run that was killed or told to stop goes on to the same bytes, whatever the scorers were")
  func resumption() throws {
    let paths = ["whole", "resumed"].map { folder.path + "/\($0).h5" }
    let options = [
      "path", miniature("tuned-negative"), miniature("tuned"), "--alpha", "0:1:40", "--text", text,
      "--lines", "--generate", prompts, "-q", "-n", "2", "--max-new", "4", "--grammar",
      classifier("gpt2"),
    ]
    #expect(try Run(options + ["-o", paths[0], "--threads", "1"]).code == 0)
    let journal = paths[1] + ".journal/rank-0000.jsonl"
    for signal in [SIGKILL, SIGTERM] {
      let before = (try? content(journal).count) ?? 120
      // Scores are taken at the end, so that another scorer takes up the journal.
      let process = try Run.start(options.dropLast(2) + ["-o", paths[1]])
      while process.isRunning, (try? content(journal).count) ?? 0 <= before { usleep(100) }
      kill(process.processIdentifier, signal)
      process.waitUntilExit()
      #expect(process.terminationStatus == (signal == SIGKILL ? SIGKILL : 75))
      #expect(FileManager.default.fileExists(atPath: journal))
    }
    #expect(try Run(options + ["-o", paths[1], "--seed", "1"]).code == 2)
    #expect(try Run(options + ["-o", paths[1], "--batch-size", "3"]).code == 0)
    #expect(try content(paths[0]) == content(paths[1]))
    #expect(!FileManager.default.fileExists(atPath: paths[1] + ".journal"))
  }

  @Test("A result names prompts, models and scorers, which verify finds unchanged")
  func verified() throws {
    let output = folder.path + "/o.h5"
    let run = try path(
      ["--alpha", "0", "--generate", prompts, "-o", output] + scorers)
    #expect(run.code == 0)
    #expect(run.output.contains("generated: 6 texts of 2 prompts at each point"))
    #expect(run.output.contains("perplexity by base, given the prompt"))
    let inputs =
      WritingCommandTests.line + [
        prompts, miniature("base"), classifier("roberta"), classifier("gpt2"),
      ]
    #expect(try Run(["verify", output] + inputs).code == 0)
  }

  @Test("On a terminal no line is wider than it")
  func narrow() throws {
    let run = try Run(
      ["path"] + WritingCommandTests.line + WritingCommandTests.short + scorers
        + ["--alpha", "0", "--generate", prompts, "--text", text], environment: ["COLUMNS": "80"])
    #expect(run.code == 0)
    #expect(
      run.lines.filter { $0.first == " " }.allSatisfy { $0.count <= 80 })
  }

  @Test("Prompts are members of JSON lines, prompt.text if no other is named")
  func promptFields() throws {
    let deep = try folder.write(Array(#"{"prompt":{"text":"The actors"}}"#.utf8), to: "a.jsonl")
    let flat = try folder.write(Array(#"{"p":"The actors"}"#.utf8), to: "b.jsonl")
    let first = try path(["--alpha", "0", "--generate", deep, "--json"])
    let second = try path(["--alpha", "0", "--generate", flat, "--prompt-field", "p", "--json"])
    #expect(first.code == 0 && first.output == second.output)
    #expect(try path(["--alpha", "0", "--generate", flat]).code == 2)
  }

  private func plane(_ options: [String]) throws -> Run {
    try Run(
      ["plane", "--base", miniature("base"), "--plus", miniature("tuned"), "--minus"]
        + [miniature("tuned-negative")] + WritingCommandTests.short + options)
  }

  @Test("On a plane the checkpoints write what they write alone, and each place writes once")
  func corners() throws {
    let run = try plane(["--x=-1:1:3", "--y=0:1:2", "--generate", prompts, "--json"])
    #expect(run.code == 0)
    let rows = try samples(run)
    // Six of the grid, and where x + y = 1 or 0 no place that is not of it.
    #expect(rows.count == 6 * 6)
    for (place, model) in [([1.0, 0.0], "tuned"), ([0, 1], "tuned-negative"), ([0, 0], "base")] {
      let mine = rows.filter { row in ["w_plus", "w_minus"].map { row[$0] as? Double } == place }
      let alone = try Run(
        ["generate", miniature(model), "--prompts", prompts, "--lines", "--json"]
          + WritingCommandTests.short)
      #expect(mine.count == 6)
      #expect(
        mine.map { $0["text"] as? String } == (try samples(alone)).map { $0["text"] as? String })
    }
  }

  @Test("A plane's scores are in the rows of grid and lines, its result the same for any threads")
  func planeScores() throws {
    let outputs = ["1", "2"].map { folder.path + "/\($0).h5" }
    let options =
      ["--x", "0,1", "--y", "0,1", "--text", text, "--lines", "--generate", prompts] + scorers
    for (threads, output) in zip(["1", "2"], outputs) {
      let run = try plane(options + ["-q", "-o", output, "--threads", threads])
      #expect(run.code == 0)
    }
    #expect(try content(outputs[0]) == content(outputs[1]))
    let rows = try plane(options + ["--csv"]).table
    #expect(rows.count == 7)
    let base = rows.filter { $0["w_plus"] == "0.0" && $0["w_minus"] == "0.0" }
    #expect(base.map { $0["part"] } == ["grid", "C"])
    for name in ["nll", "text_perplexity", "positive_score", "grammar", "distinct_3"] {
      #expect(
        base[0][Substring(name)] != nil && base[0][Substring(name)] == base[1][Substring(name)])
    }
    let shown = try plane(options)
    #expect(shown.output.contains("grammar score, ") && shown.output.contains("\nC  "))
  }

  @Test("Nothing to measure, scorers of nothing, and too little memory are refused")
  func refusals() throws {
    for options in [
      [], ["--text", text, "--scorer", miniature("base")], ["--text", text, "--prompt-field", "p"],
      ["--generate", prompts, "--adaptive", "0.1"], ["--generate", "-", "--text", "-"],
      ["--generate", prompts, "--memory", "32MB", "--threads", "64"],
    ] {
      #expect(try path(["--alpha", "0"] + options).code == 64, "\(options)")
    }
    let missing = try path(["--alpha", "0", "--generate", folder.path + "/none.txt"])
    #expect(missing.code == 2 && missing.errorLines.count == 1)
  }
}
