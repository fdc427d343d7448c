import Foundation
import TestSupport
import Testing

@Suite struct TrainCommandTests {
  private let folder: TemporaryFolder
  private let text: String

  init() throws {
    folder = try TemporaryFolder()
    let lines = (0..<200).map { "Sentence \($0 % 7) is about film \($0 % 5), and it is good.\n" }
    text = try folder.write(Array(lines.joined().utf8), to: "text.txt")
  }

  private func options(_ output: String) -> [String] {
    ["train", "--text", text, "--batch", "2", "--length", "24", "--lr", "2e-3", "-o", output]
  }

  private func tune(_ output: String, _ more: String..., steps: Int = 12) throws -> Run {
    try Run(
      options(output) + ["--init", miniature("base"), "--steps", "\(steps)"] + more)
  }

  @Test("Fine-tuning lowers the loss, and writes a checkpoint that other commands read")
  func tuning() throws {
    let (output, log) = (folder.path + "/tuned", folder.path + "/log.h5")
    let run = try tune(output, "--json", "--log", log, "--valid", text, "--valid-every", "4")
    #expect(run.code == 0)
    let steps = try run.objects().dropFirst()
    let losses = steps.compactMap { $0["loss"] as? Double }
    #expect(losses.count == 12 && losses[11] < losses[0] - 0.5)
    #expect(steps.count { $0["val_loss"] is Double } == 3)
    let norms = try Run("norms", miniature("base"), output, "--json", "-q")
    #expect(norms.code == 0)
    let generated = try Run("generate", output, "--prompt", "The", "-n", "1", "--max-new", "3")
    #expect(generated.code == 0)
    #expect(!FileManager.default.fileExists(atPath: output + ".training"))
    #expect(try content(log).count > 1000)
  }

  @Test("The pace of steps is told to people and machines, and not kept in the log")
  func pace() throws {
    let run = try tune(folder.path + "/shown", steps: 3)
    #expect(run.output.contains("3 steps in ") && run.output.contains(" tokens/s"))
    let logs = try ["a", "b"].map { name in
      let log = folder.path + "/\(name).h5"
      let run = try tune(folder.path + "/\(name)", "--json", "--log", log, steps: 3)
      let pace = try run.objects().last
      #expect(pace?["kind"] as? String == "pace" && pace?["steps"] as? Int == 3)
      #expect(pace?["seconds"] is Double && pace?["tokens_per_second"] is Double)
      return try content(log)
    }
    #expect(logs[0] == logs[1])
  }

  @Test("The same bytes for any number of threads", arguments: ["f32", "bf16"])
  func threads(precision: String) throws {
    let bytes = try ["1", "2", "3"].map { threads in
      let (output, log) = (folder.path + "/t\(threads)", folder.path + "/t\(threads).h5")
      let run = try tune(
        output, "--threads", threads, "--dropout", "0.1", "--log", log, "-q", "--precision",
        precision, steps: 4)
      #expect(run.code == 0)
      return try content(output + "/model.safetensors") + content(log)
    }
    #expect(bytes.allSatisfy { $0 == bytes[0] })
  }

  @Test(
    "A run that is killed goes on where it was stopped, to the same bytes",
    arguments: [("f32", "bf16"), ("bf16", "f32")])
  func killed(precision: String, otherPrecision: String) throws {
    let (whole, broken) = (folder.path + "/whole", folder.path + "/broken")
    let start = ["--init", miniature("base"), "--steps", "60", "--save-every", "3", "-q"]
    let more = start + ["--precision", precision]
    #expect(try Run(options(whole) + more).code == 0)
    let process = try Run.start(options(broken) + more)
    let state = broken + ".training/state.safetensors"
    let limit = Date(timeIntervalSinceNow: 60)
    while !FileManager.default.fileExists(atPath: state), process.isRunning, Date() < limit {
      usleep(1000)
    }
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    #expect(FileManager.default.fileExists(atPath: state))
    #expect(!FileManager.default.fileExists(atPath: broken))
    for other in [more + ["--clip", "3"], start + ["--precision", otherPrecision]] {
      let run = try Run(options(broken) + other)
      #expect(run.code == 2 && run.errors.contains("--force"))
    }
    #expect(try Run(options(broken) + more).code == 0)
    #expect(
      try content(broken + "/model.safetensors") == content(whole + "/model.safetensors"))
    #expect(!FileManager.default.fileExists(atPath: broken + ".training"))
  }

  @Test("Weights of steps that are to be kept are those of a run that ends there, also in a branch")
  func keptSteps() throws {
    let constant = ["--init", miniature("base"), "--schedule", "constant", "-q"]
    let long = folder.path + "/long"
    let kept = ["--steps", "9", "--keep-at", "0,4,9", "--branch", "4:3", "--save-every", "2"]
    #expect(try Run(options(long) + constant + kept).code == 0)
    let short = folder.path + "/short"
    #expect(try Run(options(short) + constant + ["--steps", "4"]).code == 0)
    func weights(_ path: String) throws -> [UInt8] { try content(path + "/model.safetensors") }
    #expect(try weights(long + "-step-4") == weights(short))
    #expect(try weights(long + "-step-9") == weights(long))
    let first = try Run("norms", miniature("base"), long + "-step-0", "--by", "total", "--csv")
    #expect(first.table.first?["diff_l2"] == "0.0")
    let trunk = folder.path + "/trunk"
    #expect(try Run(options(trunk) + constant + ["--steps", "9"]).code == 0)
    #expect(try weights(trunk) != weights(long))
    for wrong in [
      ["--keep-at", "10"], ["--keep-at", "x"], ["--branch", "4"], ["--branch", "-1:2"],
    ] {
      #expect(
        try Run(options(folder.path + "/no") + constant + ["--steps", "9"] + wrong).code == 64)
    }
    let occupied = options(folder.path + "/more") + constant + ["--steps", "5", "--keep-at", "2"]
    #expect(try Run(occupied).code == 0)
    try FileManager.default.removeItem(atPath: folder.path + "/more")
    let refused = try Run(occupied)
    #expect(refused.code == 2 && refused.errors.contains("more-step-2"))
  }

  @Test("From scratch the seed gives the weights; transformers' names and files are written")
  func scratch() throws {
    let config = try folder.write(
      Array(
        #"{"model_type": "gpt2", "n_layer": 1, "n_embd": 16, "n_head": 2, "n_positions": 32, "vocab_size": 1024}"#
          .utf8), to: "small.json")
    let bytes = try ["1", "1", "2"].enumerated().map { index, seed in
      let output = folder.path + "/scratch-\(index)"
      let run = try Run(
        options(output) + [
          "--config", config, "--tokenizer", miniature("base"), "--seed", seed, "--steps", "2",
          "-q",
        ])
      #expect(run.code == 0 && run.errors.isEmpty)
      #expect(try content(output + "/config.json") == content(config))
      #expect(try content(output + "/merges.txt") == content(miniature("base") + "/merges.txt"))
      return try content(output + "/model.safetensors")
    }
    #expect(bytes[0] == bytes[1] && bytes[0] != bytes[2])
    let inspected = try Run("inspect", folder.path + "/scratch-0")
    #expect(inspected.output.contains("transformer.h.0.attn.c_attn.weight"))
  }

  @Test("A loss that explodes ends the run, and what was kept stays")
  func nonfinite() throws {
    let output = folder.path + "/exploded"
    let run = try Run(
      options(output) + [
        "--init", miniature("base"), "--steps", "50", "--lr", "1e30", "--clip", "0",
        "--save-every", "1",
      ])
    #expect(run.code == 2)
    #expect(run.errors.contains("step ") && run.errors.contains(".training"))
    #expect(!FileManager.default.fileExists(atPath: output))
    #expect(FileManager.default.fileExists(atPath: output + ".training/state.safetensors"))
  }

  @Test("Of a grid the run of the least validation loss is kept, with the bytes it has alone")
  func grid() throws {
    let (output, log) = (folder.path + "/grid", folder.path + "/grid.h5")
    let valid = ["--init", miniature("base"), "--valid", text, "--valid-every", "3"]
    let more = valid + ["--grid", "lr=1e-4,2e-3", "--grid", "steps=4,6"]
    let run = try Run(options(output) + more + ["--json", "--log", log])
    #expect(run.code == 0)
    let runs = try run.objects().filter { $0["kind"] as? String == "run" }
    #expect(runs.compactMap { $0["lr"] as? Double } == [1e-4, 1e-4, 2e-3, 2e-3])
    #expect(runs.compactMap { $0["steps"] as? Int } == [4, 6, 4, 6])
    #expect(runs.map { $0["is_kept"] as? Bool } == [false, false, false, true])
    let alone = folder.path + "/alone"
    #expect(try Run(options(alone) + valid + ["--steps", "6", "-q"]).code == 0)
    #expect(try content(output + "/model.safetensors") == content(alone + "/model.safetensors"))
    let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    #expect(!left.contains { $0.contains("training") })
    #expect(
      try Run(options(output + "2") + ["--init", miniature("base"), "--grid", "lr=1"]).code == 64)
  }

  @Test("Wrong arguments and an output that is there are refused before any work")
  func refusals() throws {
    let start = ["train", "--text", text, "-o", folder.path + "/x", "--steps", "1"]
    let base = ["--init", miniature("base")]
    for more in [
      [], ["--config", text], base + ["--config", text, "--tokenizer", "x"],
      base + ["--batch", "0"], base + ["--length", "1000"], base + ["--dropout", "1"],
      base + ["--lr", "0"], base + ["--precision", "f16"],
      base + ["--memory", "32MB", "--batch", "100"],
    ] {
      #expect(try Run(start + more).code == 64)
    }
    #expect(try Run(start + base + ["--init", miniature("none")]).code != 0)
    #expect(try tune(miniature("base")).code == 2)
    let short = try folder.write(Array("Short.".utf8), to: "short.txt")
    let run = try Run(
      ["train", "--text", short, "-o", folder.path + "/y", "--steps", "1"] + base)
    #expect(run.code == 2 && run.errors.contains("short.txt"))
  }
}
