import Foundation
import TestSupport
import Testing

@Suite struct TrainClassifierTests {
  private let folder: TemporaryFolder
  private let lines: String

  init() throws {
    folder = try TemporaryFolder()
    let rows = (0..<60).map { number in
      let word = ["dreadful", "long", "lovely"][number % 3]
      let label = number % 2 == 0 ? "\"\(["bad", "so", "good"][number % 3])\"" : "\(number % 3)"
      return "{\"text\": \"Film \(number) is \(word).\", \"label\": \(label)}\n"
    }
    lines = try folder.write(Array(rows.joined().utf8), to: "rows.jsonl")
  }

  private func train(_ output: String, _ more: String..., base: String? = nil) throws -> Run {
    try Run(
      [
        "train", "--init", base ?? miniature("base"), "--batch", "6", "--lr", "2e-3", "-o",
        output,
      ] + more)
  }

  @Test("A language model becomes a classifier that others open, and that is trained on")
  func classifier() throws {
    let (output, log) = (folder.path + "/tuned", folder.path + "/log.h5")
    let run = try train(
      output, "--labels", "bad,so,good", "--text", lines, "--valid", lines, "--steps", "60",
      "--valid-every", "20", "--json", "--log", log)
    #expect(run.code == 0)
    let steps = try run.objects().filter { $0["kind"] as? String == "step" }
    let accuracies = steps.compactMap { $0["val_accuracy"] as? Double }
    #expect(accuracies.count == 3 && accuracies[2] == 1)
    #expect(steps.allSatisfy { $0["accuracy"] is Double })
    let config = try #require(
      JSONSerialization.jsonObject(with: Data(try content(output + "/config.json")))
        as? [String: Any])
    #expect(config["architectures"] as? [String] == ["GPT2ForSequenceClassification"])
    #expect(config["pad_token_id"] as? Int == 1023)
    #expect(config["id2label"] as? [String: String] == ["0": "bad", "1": "so", "2": "good"])
    #expect(config["label2id"] as? [String: Int] == ["bad": 0, "so": 1, "good": 2])
    let texts = try folder.write(Array("Film 3 is lovely.\n".utf8), to: "texts.txt")
    let score = try Run(
      "score", texts, "--sentiment", output, "--sentiment-labels", "negative,neutral,positive")
    #expect(score.code == 0)
    let inspected = try Run("inspect", output)
    #expect(inspected.output.contains("score.weight"))
    #expect(!inspected.output.contains("lm_head"))
    #expect(try content(log).count > 1000)
    let again = try train(
      folder.path + "/again", "--text", lines, "--steps", "1", "--json", base: output)
    #expect(again.code == 0)
    let first = try #require(try again.objects().dropFirst().first)
    #expect(first["accuracy"] as? Double == 1)
    #expect(try content(folder.path + "/again/config.json") == content(output + "/config.json"))
  }

  @Test("The same classes from columns, from trees and from scratch; any threads, same bytes")
  func layouts() throws {
    let table = try folder.write(
      Array((0..<20).map { "x\t\($0 % 2)\t\tRow \($0) \($0 % 2)\n" }.joined().utf8), to: "rows.tsv")
    let trees = try folder.write(
      Array("(4 (2 A) (4 (3 fine) (2 film)))\n(0 (2 A) (0 (1 poor) (2 film)))\n".utf8),
      to: "trees.txt")
    let more = ["--labels", "no,yes", "--steps", "3", "-q", "--dropout", "0.1"]
    for (name, options) in [
      ("table", ["--tsv", "2,4", "--text", table]),
      ("trees", ["--trees", "--phrases", "--classes", "0,0,-,1,1", "--text", trees]),
    ] {
      let bytes = try ["1", "2"].map { threads in
        let output = folder.path + "/\(name)-\(threads)"
        let run = try Run(
          ["train", "--init", miniature("base"), "-o", output, "--threads", threads] + options
            + more)
        #expect(run.code == 0 && run.errors.isEmpty)
        return try content(output + "/model.safetensors")
      }
      #expect(bytes[0] == bytes[1])
    }
    let config = try folder.write(
      Array(
        #"{"model_type": "gpt2", "n_layer": 1, "n_embd": 16, "n_head": 2, "n_positions": 32, "vocab_size": 1024}"#
          .utf8), to: "small.json")
    let scratch = folder.path + "/scratch"
    let run = try Run(
      [
        "train", "--config", config, "--tokenizer", miniature("base"), "-o", scratch, "--tsv",
        "2,4", "--text", table,
      ] + more)
    #expect(run.code == 0)
    #expect(try Run("inspect", scratch).output.contains("transformer.h.0.attn.c_attn.weight"))
  }

  @Test(
    "Encoders are trained from scratch and from classifiers; any threads, same bytes",
    arguments: [
      ("bert", "negative,positive", ["--classes", "0,1,1"]),
      ("roberta", "negative,neutral,positive", []),
    ])
  func encoders(family: String, roles: String, classes: [String]) throws {
    let base = PackageFolder.path("Tests/Fixtures/classifiers/\(family)")
    let rows = (0..<12).map { "{\"text\": \"Film \($0)\", \"label\": \($0 % 3)}\n" }
    let text = try folder.write(Array(rows.joined().utf8), to: "numbered.jsonl")
    let more = ["--text", text, "--steps", "4", "--length", "20", "-q"] + classes
    let scratch = ["--config", base + "/config.json", "--tokenizer", base]
    for (name, begin) in [("tuned", ["--init", base]), ("scratch", scratch)] {
      let output = folder.path + "/\(name)-1"
      let bytes = try ["1", "2"].map { threads in
        let output = folder.path + "/\(name)-\(threads)"
        let run = try Run(["train", "-o", output, "--threads", threads] + begin + more)
        #expect(run.code == 0 && run.errors.isEmpty, "\(run.errors)")
        return try content(output + "/model.safetensors")
      }
      #expect(bytes[0] == bytes[1])
      let inspected = try Run("inspect", output)
      #expect(inspected.output.contains("\(family).encoder.layer.1.output.dense.weight"))
      let score = try Run("score", text, "--sentiment", output, "--sentiment-labels", roles)
      #expect(score.code == 0, "\(score.errors)")
    }
    let refused = try Run(
      ["train", "-o", folder.path + "/x", "--labels", "a,b", "--init", base] + more)
    #expect(refused.code == 64)
  }

  @Test("Wrong arguments are refused before work, labels of no class with their line")
  func refusals() throws {
    let labels = ["--labels", "bad,so,good"]
    for more in [
      ["--labels", "bad"], ["--labels", "bad,bad"], ["--classes", "0,1"],
      labels + ["--trees", "--tsv", "1,2"], labels + ["--lines"], labels + ["--phrases"],
      labels + ["--classes", "0,3"], labels + ["--tsv", "0,1"], labels + ["--classes", "x"],
      labels + ["--heads", "4"],
    ] {
      let run = try Run(
        ["train", "--init", miniature("base"), "--text", lines, "-o", folder.path + "/x"] + more)
      #expect(run.code == 64, "\(more)")
    }
    for (row, line) in [
      (#"{"text": "a", "label": "worse"}"#, 2), (#"{"text": "", "label": 1}"#, 2),
    ] {
      let text = try folder.write(
        Array("{\"text\": \"b\", \"label\": 0}\n\(row)\n".utf8), to: "faulty.jsonl")
      let run = try train(folder.path + "/y", "--labels", "bad,so,good", "--text", text)
      #expect(run.code == 2 && run.errors.contains("faulty.jsonl: line \(line)"))
    }
  }
}
