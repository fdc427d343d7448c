import Foundation
import TestSupport
import Testing

@Suite struct MergeCommandTests {
  private let folder: TemporaryFolder
  private let text: String
  private let prompts: String

  init() throws {
    folder = try TemporaryFolder()
    let lines = "The film was a great success.\nA terrible, boring story.\nNothing happens in it.\n"
    text = try folder.write(Array(lines.utf8), to: "text.txt")
    prompts = try folder.write(Array("The film\nI like\n".utf8), to: "prompts.txt")
  }

  /// Commands of every kind that is shared out, without their outputs.
  private var commands: [[String]] {
    let pair = [miniature("base"), miniature("tuned")]
    let short = ["--max-new", "3", "-n", "2"]
    return [
      ["path"] + pair + ["--text", text, "--lines", "--alpha", "0:1:5"],
      ["path"] + pair + ["--text", text, "--lines", "--alpha", "0.5", "--ensemble", "logits"],
      ["path"] + pair + ["--alpha", "0.5", "--generate", prompts] + short
        + ["--scorer", miniature("base")],
      ["plane", "--base", pair[0], "--plus", pair[1], "--minus", miniature("tuned-negative")]
        + ["--text", text, "--lines", "--x", "0,1", "--y", "0,1"],
      ["generate"] + pair + ["--alpha", "0,0.5", "--prompts", prompts] + short,
      ["score", text, "--scorer", miniature("base")],
      ["gram"] + pair + [miniature("scratch")],
      ["norms"] + pair + [miniature("scratch")],
    ]
  }

  private func run(_ command: [String], _ output: String, _ shard: String? = nil) throws -> Run {
    try Run(command + ["-o", output] + (shard.map { ["--shard", $0] } ?? []))
  }

  @Test("Shards of any command merge to the bytes of one run", arguments: 0..<8)
  func sameBytes(kind: Int) throws {
    let (whole, parts) = (folder.path + "/whole.h5", folder.path + "/parts.h5")
    #expect(try run(commands[kind], whole).code == 0)
    for shard in ["2/3", "1/3", "3/3"] {
      let part = try run(commands[kind], parts, shard)
      #expect(part.code == 0 && part.output.isEmpty, "\(part.errors)")
      #expect(part.errors.contains("shard \(shard), by --shard"))
    }
    #expect(!FileManager.default.fileExists(atPath: parts))
    let merged = try Run("merge", parts + ".journal", "-o", parts)
    #expect(merged.code == 0, "\(merged.errors)\(merged.output)")
    #expect(try content(whole) == content(parts))
  }

  @Test(
    "Rows that no shard has finished are named and marked, and a later merge has them",
    arguments: 0..<8)
  func pending(kind: Int) throws {
    let output = folder.path + "/o.h5"
    #expect(try run(commands[kind], output, "1/2").code == 0)
    let part = try Run("merge", output + ".journal", "-o", output)
    #expect(part.code == 3 && part.lines.contains { $0.hasPrefix("pending: ") }, "\(part.errors)")
    let bytes = try content(output)
    #expect(try Run("merge", output + ".journal", "-o", output).code == 3)
    #expect(try content(output) == bytes)
    // A part of a result is none to go on with.
    #expect(try Run("gram", output).code == 2)
    #expect(try run(commands[kind], output, "2/2").code == 0)
    #expect(try Run("merge", output + ".journal", "-o", output).code == 0)
    #expect(try content(output) != bytes)
  }

  @Test("Merging needs the journals alone")
  func journalsAlone() throws {
    let models = ["base", "tuned"].map { folder.path + "/" + $0 }
    for (model, copy) in zip(["base", "tuned"], models) {
      try FileManager.default.copyItem(atPath: miniature(model), toPath: copy)
    }
    let command = ["path"] + models + ["--text", text, "--lines", "--alpha", "0:1:3"]
    let (whole, parts) = (folder.path + "/whole.h5", folder.path + "/parts.h5")
    #expect(try run(command, whole).code == 0)
    #expect(try run(command, parts, "1/1").code == 0)
    for path in models + [text] { try FileManager.default.removeItem(atPath: path) }
    #expect(try Run("merge", parts + ".journal/shard-1-of-1.1.jsonl", "-o", parts).code == 0)
    #expect(try content(whole) == content(parts))
  }

  @Test("The environment names the shard where there is a file to write, an option comes first")
  func environment() throws {
    let output = folder.path + "/o.h5"
    let variables = ["OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2"]
    let found = try Run(commands[0] + ["-o", output], environment: variables)
    #expect(found.errors.contains("shard 2/2, by OMPI_COMM_WORLD_RANK and OMPI_COMM_WORLD_SIZE"))
    let given = try Run(commands[0] + ["-o", output, "--shard", "1/4"], environment: variables)
    #expect(given.errors.contains("shard 1/4, by --shard"))
    #expect(try Run(commands[0], environment: variables).lines.count > 3)
    let whole = try Run(commands[0] + ["-o", output, "--shard", "none"], environment: variables)
    #expect(whole.code == 0 && FileManager.default.fileExists(atPath: output))
    let crooked = ["RANK": "2", "WORLD_SIZE": "2"]
    #expect(try Run(commands[0] + ["-o", output], environment: crooked).code == 64)
  }

  @Test("Wrong arguments, and what is no journal, are told")
  func refusals() throws {
    #expect(try Run(commands[0] + ["--shard", "1/2"]).code == 64)
    #expect(try run(commands[0], folder.path + "/o.h5", "3/2").code == 64)
    #expect(try run(commands[0] + ["--adaptive", "0.1"], folder.path + "/o.h5", "1/2").code == 64)
    let nothing = try Run("merge", folder.path, "-o", folder.path + "/o.h5")
    #expect(nothing.code == 2 && nothing.errorLines.count == 1)
    #expect(try Run("merge", "/nowhere", "-o", folder.path + "/o.h5").code == 2)
  }

  @Test("A dry run counts and times rows, and writes nothing", arguments: 0..<8)
  func dryRun(kind: Int) throws {
    let output = folder.path + "/o.h5"
    let estimate = try Run(commands[kind] + ["-o", output, "--dry-run", "--json"])
    let found = try #require(try estimate.objects().first)
    #expect(estimate.code == 0 && found["rows"] as? Int ?? 0 > 0 && found["tasks"] as? Int == 1)
    #expect(found["seconds"] as? Double ?? 0 > 0)
    #expect(!FileManager.default.fileExists(atPath: output + ".journal"))
  }
}
