import TestSupport
import Testing

@Suite struct GenerateMixturesTests {
  private let folder: TemporaryFolder
  private let prompt = ["--prompt", "This movie is", "-n", "3", "--max-new", "8", "--json"]

  init() throws { folder = try TemporaryFolder() }

  private func texts(_ arguments: [String]) throws -> [[String: Any]] {
    let run = try Run(["generate"] + arguments + prompt)
    #expect(run.code == 0)
    return try run.objects().filter { $0["kind"] as? String == "sample" }
  }

  private func read(_ rows: [[String: Any]]) -> [String] {
    rows.compactMap { $0["text"] as? String }
  }

  @Test(
    "A mixture writes what its written mix writes, whatever weighs its tensors",
    arguments: [
      ["--slerp"], ["--where", "attn=0.9", "--where", "wte=-0.2"], ["--slerp", "--where", "mlp=1"],
    ])
  func tensors(rules: [String]) throws {
    let pair = ["base", "tuned"].map(miniature)
    for alpha in ["0.5", "1"] {
      let out = folder.path + "/" + alpha
      let options = pair + ["--alpha", alpha] + rules
      #expect(try Run(["mix"] + options + ["--dtype", "F32", "-q", "-o", out]).code == 0)
      #expect(try read(texts(options)) == read(texts([out])))
    }
    let both = try texts(pair + ["--alpha", "0.5,1"] + rules)
    #expect(read(both) == (try ["0.5", "1"].flatMap { try read(texts([folder.path + "/" + $0])) }))
    #expect(read(both) != (try read(texts(pair + ["--alpha", "0.5,1"]))))
  }

  @Test("An anchored line takes other parameters for some tensors")
  func anchored() throws {
    let options =
      ["base", "tuned"].map(miniature)
      + ["--base", miniature("scratch"), "--beta", "0.5", "--where", "ln=0"]
    let out = folder.path + "/out"
    #expect(try Run(["mix"] + options + ["--dtype", "F32", "-q", "-o", out]).code == 0)
    #expect(try read(texts(options)) == read(texts([out])))
  }

  @Test("Rules of tensors are refused beside sums of logits, and idle ones are warned of")
  func refusals() throws {
    let line = ["generate", miniature("base"), miniature("tuned"), "--alpha", "0.5"] + prompt
    for rule in [["--slerp"], ["--where", "attn=0.9"]] {
      let run = try Run(line + rule + ["--ensemble", "logits"])
      #expect(run.code == 64)
      #expect(run.errors.contains("to weigh with \(rule[0]) where --ensemble sums logits"))
    }
    let idle = try Run(line + ["--where", "nothing=0.9"])
    #expect(idle.code == 0 && idle.errors.contains("matches no tensor that is mixed"))
  }

  @Test("A result says which tensors are weighed in another way, and of arcs no coefficients")
  func results() throws {
    let rule = ["--where", "attn=0.9"]
    for (number, arc) in [[], ["--slerp"]].enumerated() {
      let out = folder.path + "/\(number).h5"
      let line = ["generate", miniature("base"), miniature("tuned"), "--alpha", "0.5", "-q"]
      #expect(try Run(line + prompt + rule + arc + ["-o", out]).code == 0)
      // Names and attributes are stored as they are.
      let stored = String(decoding: try content(out), as: UTF8.self)
      #expect(stored.contains("tensor_rules"))
      #expect(stored.contains("coefficient of the checkpoint") == arc.isEmpty)
    }
  }
}
