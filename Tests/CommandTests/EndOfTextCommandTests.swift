import Foundation
import TestSupport
import Testing

/// Which tokens end what is generated.
@Suite struct EndOfTextCommandTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// A copy of a checkpoint's folder, in which texts of files are replaced.
  private func copy(
    _ name: String, _ changes: [(file: String, old: String, new: String)]
  ) throws -> String {
    let path = folder.path + "/" + name
    try FileManager.default.copyItem(atPath: miniature("tuned"), toPath: path)
    for (file, old, new) in changes {
      let text = try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)
      #expect(text.contains(old))
      try text.replacing(old, with: new).write(
        toFile: "\(path)/\(file)", atomically: true, encoding: .utf8)
    }
    return path
  }

  private func generate(_ model: String) throws -> Run {
    try Run(
      "generate", model, "--prompt", "This movie is", "-n", "40", "--max-new", "60", "--json")
  }

  private let renamed = (file: "vocab.json", old: "<|endoftext|>", new: "<end>")
  private let end = (file: "tokenizer_config.json", old: "eos_token\":\"<|endoftext|>\"", new: "")

  @Test("A renamed end of text changes no text, whichever file tells its name or its number")
  func names() throws {
    let expected = try generate(miniature("tuned"))
    #expect(expected.output.contains("\"finish\":\"stop\""))
    let config = (file: end.file, old: end.old, new: "eos_token\": {\"content\": \"<end>\"}")
    let none = (file: end.file, old: end.old, new: "eos_token\": null")
    let noNumber = (file: "config.json", old: "eos_token_id\": 1023", new: "eos_token_id\": null")
    let map = try copy("map", [renamed, none, noNumber])
    try Data(#"{"eos_token": "<end>"}"#.utf8).write(
      to: URL(fileURLWithPath: map + "/special_tokens_map.json"))
    for model in [
      try copy("config", [renamed, config, noNumber]), map, try copy("number", [renamed, none]),
    ] {
      let run = try generate(model)
      #expect(run.code == 0 && run.errors.isEmpty)
      #expect(
        try run.objects().map { $0["text"] as? String }
          == expected.objects().map { $0["text"] as? String })
    }
  }

  @Test("Without a name and a number no text ends before its length")
  func none() throws {
    let model = try copy(
      "none",
      [
        renamed, (file: end.file, old: end.old, new: "eos_token\": null"),
        (file: "config.json", old: "eos_token_id\": 1023", new: "eos_token_id\": null"),
      ])
    #expect(try !generate(model).output.contains("\"finish\":\"stop\""))
  }

  @Test(
    "A text ends with the tokenizer's token and with all of the configuration, and that is told")
  func both() throws {
    let lengths = try generate(miniature("tuned")).objects().compactMap { $0["tokens"] as? [Int] }
    let other = lengths[0][3]
    let model = try copy(
      "both",
      [
        (
          file: "config.json", old: "eos_token_id\": 1023",
          new: "eos_token_id\": [\(other), 1023]"
        )
      ])
    let run = try generate(model)
    #expect(
      run.code == 0 && run.errors.contains("warning: the tokenizer ends texts with token 1023"))
    let tokens = try run.objects().compactMap { $0["tokens"] as? [Int] }
    #expect(tokens.allSatisfy { !$0.dropLast().contains(other) && !$0.dropLast().contains(1023) })
    #expect(zip(tokens, lengths).allSatisfy { $1.starts(with: $0) } && tokens != lengths)
    let one = try copy(
      "one", [(file: "config.json", old: "eos_token_id\": 1023", new: "eos_token_id\": \(other)")])
    let text = try generate(one)
    #expect(text.errors.contains("eos_token_id of one names \(other): "))
    #expect(try text.objects().compactMap { $0["tokens"] as? [Int] } == tokens)
  }
}
