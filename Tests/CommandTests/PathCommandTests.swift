import Foundation
import TestSupport
import Testing

@Suite struct PathCommandTests {
  /// Four short documents, a line each.
  private static let text = """
    The film was a great success.
    A terrible, boring story.
    I like this movie, and you will too!
    Nothing happens in it.
    """

  private let folder: TemporaryFolder
  private let text: String

  init() throws {
    folder = try TemporaryFolder()
    text = try folder.write(Array(PathCommandTests.text.utf8), to: "text.txt")
  }

  private func path(_ a: String, _ b: String, _ options: String...) throws -> Run {
    try Run(["path", miniature(a), miniature(b), "--text", text, "--lines"] + options)
  }

  @Test("Where an end of the line is no point, a line says why there is no barrier")
  func missingEnds() throws {
    let base = ["--base", miniature("base"), "--line", "beta", "--alpha"]
    func lines(_ points: String) throws -> [Substring] {
      try Run(
        ["path", miniature("tuned"), miniature("scratch"), "--text", text, "--lines"] + base
          + [points]
      ).lines.filter { $0.contains("barrier") }
    }
    let place = "between which it would be measured"
    #expect(try lines("0.5") == ["no barrier: beta 0 and 1, \(place), are not among the points"])
    #expect(try lines("0,0.5") == ["no barrier: beta 1, \(place), is not among the points"])
    #expect(try lines("0,1") == ["no barrier: no point lies between beta 0 and 1"])
    #expect(try lines("0,0.5,1").allSatisfy { !$0.hasPrefix("no barrier") })
  }

  @Test("Independent models have a barrier, fine-tunes of one model none")
  func barriers() throws {
    let far = try path("base", "scratch", "--alpha", "0.5", "--json").objects()
    let near = try path("tuned", "tuned-negative", "--alpha", "0.5", "--json").objects()
    func chord(_ objects: [[String: Any]]) throws -> (Double, Int) {
      let found = objects.first { $0["definition"] as? String == "barrier" }
      let barrier = try #require(found)
      return try (
        #require(barrier["height"] as? Double), #require(barrier["includes_zero"] as? Int)
      )
    }
    let (high, low) = try (chord(far), chord(near))
    // Half way between independent models of this size a nat and more is lost.
    #expect(high.0 > 0.5 && high.1 == 0)
    #expect(low.0 < 0.05 && low.1 == 1)
  }

  @Test("Both ends are evaluated whatever is asked for, and are the checkpoints themselves")
  func ends() throws {
    let rows = try path("base", "tuned", "--alpha", "2", "--csv").table
    #expect(rows.map { $0["alpha"] } == ["0.0", "1.0", "2.0"])
    let alone = try path("tuned", "tuned", "--alpha", "0", "--csv").table
    #expect(rows[1]["nll"] == alone[0]["nll"])
    #expect(rows[0]["distance_a"] == "0.0" && rows[1]["distance_b"] == "0.0")
  }

  @Test("Where eq 1 and eq 3 meet they have the same loss")
  func anchoredLine() throws {
    let beta = try path(
      "tuned-negative", "tuned", "--base", miniature("tuned-negative"), "--line", "beta", "--alpha",
      "0.5", "--csv"
    ).table
    let alpha = try path("tuned-negative", "tuned", "--alpha", "0.5", "--csv").table
    let pair = try [beta[0], alpha[1]].map { try #require(Double($0["nll"] ?? "")) }
    // C + β (B − A) with C = A has other coefficients, which round otherwise in binary64 only.
    #expect((pair[0] - pair[1]).magnitude < 1e-6)
  }

  @Test("A result has the same bytes for any number of threads, and after an interruption")
  func sameBytes() throws {
    let paths = ["one", "three", "resumed"].map { folder.path + "/\($0).h5" }
    func run(_ output: String, _ alphas: String, _ threads: String) throws -> Run {
      try path("base", "tuned", "--alpha", alphas, "-q", "-o", output, "--threads", threads)
    }
    #expect(try run(paths[0], "0:1:40", "1").code == 0)
    #expect(try run(paths[1], "0:1:40", "3").code == 0)
    let limit = try Run.start(
      ["path", miniature("base"), miniature("tuned"), "--text", text, "--lines", "-q"]
        + ["--alpha", "0:1:40", "-o", paths[2]])
    let journal = paths[2] + ".journal/rank-0000.jsonl"
    while limit.isRunning, (try? content(journal).count) ?? 0 < 120 { usleep(100) }
    kill(limit.processIdentifier, SIGKILL)
    limit.waitUntilExit()
    #expect(
      FileManager.default.fileExists(atPath: journal), "the run was done before it was killed")
    #expect(try run(paths[2], "0:1:40", "2").code == 0)
    #expect(try content(paths[0]) == content(paths[1]))
    #expect(try content(paths[0]) == content(paths[2]))
    #expect(!FileManager.default.fileExists(atPath: paths[2] + ".journal"))
  }

  @Test(
    "Bad input ends with 2 and one line that says what is wrong",
    arguments: [
      (["--text", "/nowhere.txt"], "/nowhere.txt"), (["--heads", "5"], "heads"),
      (["--tokenizer", "/nowhere"], "/nowhere"),
    ])
  func badInput(options: [String], mention: String) throws {
    let run = try Run(
      ["path", miniature("base"), miniature("tuned"), "--text", text, "--lines"] + options)
    #expect(run.code == 2 && run.errorLines.count == 1 && run.errors.contains(mention))
  }

  @Test("Points of a run with another tokenizer or configuration are not taken for this one's")
  func otherCompanions() throws {
    let models = ["base", "tuned"].map { folder.path + "/" + $0 }
    for (model, copy) in zip(["base", "tuned"], models) {
      try FileManager.default.copyItem(atPath: miniature(model), toPath: copy)
    }
    let output = folder.path + "/o.h5"
    let arguments = ["path"] + models + ["--text", text, "--lines", "-q", "-o", output]
    #expect(try Run(arguments).code == 0)
    let first = try content(output)
    let merges = models[0] + "/merges.txt"
    let lines = try content(merges).split(separator: UInt8(ascii: "\n"))
    try Data(lines.dropLast(300).joined(separator: [UInt8(ascii: "\n")]))
      .write(to: URL(fileURLWithPath: merges))
    #expect(try Run("verify", output, models[0], models[1], text).code == 1)
    #expect(try Run(arguments + ["--force"]).code == 0)
    #expect(try content(output) != first)
    #expect(try Run("verify", output, models[0], models[1], text).code == 0)
  }

  @Test("Told to stop, a run says that it can go on, with code 75")
  func interrupted() throws {
    let output = folder.path + "/o.h5"
    let process = try Run.start(
      ["path", miniature("base"), miniature("tuned"), "--text", text, "--lines", "-q"]
        + ["--alpha", "0:1:20000", "-o", output])
    let journal = output + ".journal/rank-0000.jsonl"
    while process.isRunning, (try? content(journal).count) ?? 0 < 120 { usleep(100) }
    process.terminate()
    process.waitUntilExit()
    #expect(process.terminationStatus == 75)
    #expect(FileManager.default.fileExists(atPath: journal))
  }

  @Test("An architecture that is not GPT-2 and an empty text are told")
  func refusals() throws {
    let bert = try Run("path", fixture("base"), fixture("base"), "--text", text)
    #expect(bert.code == 2 && bert.errorLines.count == 1)
    let empty = try folder.write([], to: "empty.txt")
    let nothing = try Run("path", miniature("base"), miniature("tuned"), "--text", empty)
    #expect(nothing.code == 2 && nothing.errors.contains("no token to score"))
  }

  @Test("Grids without end, and windows longer than the context, are wrong arguments")
  func wrongArguments() throws {
    for alphas in ["0:1:0", "0:inf:3", "0:1:-2", "0:1", "a", ""] {
      #expect(try path("base", "tuned", "--alpha", alphas).code == 64)
    }
    #expect(try path("base", "tuned", "--context", "129").code == 64)
    #expect(try path("base", "tuned", "--stride", "0").code == 64)
  }

  @Test("Losses of ensembles are the models' at the ends, and have no distances in weight space")
  func ensembles() throws {
    func rows(_ options: String...) throws -> [[Substring: Substring]] {
      try Run(
        ["path", miniature("base"), miniature("scratch"), "--text", text, "--lines"]
          + ["--alpha", "0.25,0.5", "--csv"] + options
      ).table
    }
    let (weights, logits) = (try rows(), try rows("--ensemble", "logits"))
    #expect(try rows("--ensemble", "dexperts") == logits)
    #expect(weights[0]["nll"] == logits[0]["nll"] && weights[3]["nll"] == logits[3]["nll"])
    #expect(logits.allSatisfy { $0["distance_a"] == "" && $0["norm"] == "" })
    let losses = try [weights, logits].map { try #require(Double($0[2]["nll"] ?? "")) }
    // Independent models share no basin; their logits can be averaged.
    #expect(losses[1] < losses[0] - 0.5)
  }

  @Test("An ensemble's result is the same after an interruption, and is none of weights")
  func ensembleBytes() throws {
    let paths = ["one", "two"].map { folder.path + "/\($0).h5" }
    func run(_ output: String, _ alphas: String, _ options: String...) throws -> Run {
      try Run(
        ["path", miniature("base"), miniature("tuned"), "--text", text, "--lines", "-q"]
          + ["--alpha", alphas, "-o", output] + options)
    }
    #expect(try run(paths[0], "0:1:40", "--ensemble", "logits", "--threads", "1").code == 0)
    let process = try Run.start(
      ["path", miniature("base"), miniature("tuned"), "--text", text, "--lines", "-q"]
        + ["--alpha", "0:1:20000", "-o", paths[1], "--ensemble", "logits"])
    let journal = paths[1] + ".journal/rank-0000.jsonl"
    while process.isRunning, (try? content(journal).count) ?? 0 < 300 { usleep(100) }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(try run(paths[1], "0:1:40").code == 2)
    #expect(try run(paths[1], "0:1:40", "--ensemble", "logits").code == 0)
    #expect(try content(paths[0]) == content(paths[1]))
  }

  @Test(
    "Members of an ensemble may be of different kinds, and verify sees the kind of each")
  func ensembleConfigurations() throws {
    let models = ["base", "tuned"].map { folder.path + "/" + $0 }
    for (model, copy) in zip(["base", "tuned"], models) {
      try FileManager.default.copyItem(atPath: miniature(model), toPath: copy)
    }
    let output = folder.path + "/o.h5"
    let arguments = ["path"] + models + ["--text", text, "--lines", "-q", "-o", output]
    let configuration = models[1] + "/config.json"
    let settings = String(decoding: try content(configuration), as: UTF8.self)
    let other = settings.replacing("\"gelu_new\"", with: "\"relu\"")
    #expect(other != settings)
    try Data(other.utf8).write(to: URL(fileURLWithPath: configuration))
    #expect(try Run(arguments).code == 2)
    #expect(try Run(arguments + ["--ensemble", "logits"]).code == 0)
    #expect(try Run("verify", output, models[0], models[1], text).code == 0)
    try Data(settings.utf8).write(to: URL(fileURLWithPath: configuration))
    #expect(try Run("verify", output, models[0], models[1], text).code == 1)
  }

  @Test("Memory for an ensemble is that of all its models")
  func memory() throws {
    let run = try path(
      "base", "tuned", "--ensemble", "logits", "--memory", "32MB", "--threads", "64")
    #expect(run.code == 64 && run.errors.contains("2 models"))
  }
}
