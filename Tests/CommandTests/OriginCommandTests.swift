import Foundation
import TestSupport
import Testing

@Suite struct OriginCommandTests {
  private let folder: TemporaryFolder
  private let model: String
  private let relative: String
  private let stranger: String

  init() throws {
    folder = try TemporaryFolder()
    let start = SmallModel(seed: 1)
    let configuration = Array("{\"n_head\": 4}".utf8)
    try folder.write(configuration, to: "config.json")
    model = try folder.checkpoint("start.safetensors", start.tensors(.gpt2)).path
    relative = try folder.checkpoint(
      "relative.safetensors", start.relative(correlation: 0.5, seed: 2).tensors(.gpt2)
    ).path
    stranger = try folder.checkpoint(
      "stranger.safetensors", SmallModel(seed: 9).tensors(.gpt2)
    ).path
  }

  private func write(_ name: String, _ tensors: [StoredTensor]) throws -> String {
    try folder.checkpoint(name, tensors).path
  }

  @Test("Relatives end with 0, strangers with 1")
  func verdicts() throws {
    let shared = try Run("origin", model, relative)
    #expect(shared.code == 0)
    #expect(shared.errors == "")
    #expect(shared.lines[0] == "A = start, B = relative; names of GPT-2")
    #expect(shared.lines[1].hasPrefix("SHARED INITIALIZATION (certified)"))
    let apart = try Run("origin", model, stranger)
    #expect(apart.code == 1)
    #expect(apart.errors == "")
    #expect(apart.lines[1].hasPrefix("NOT DETECTED"))
    #expect(try Run("origin", model, model).code == 0)
  }

  @Test("In the family that ships, the tuned model is found to be the base's, the stranger is not")
  func miniatures() throws {
    let tuned = try Run("origin", miniature("base"), miniature("tuned"))
    #expect(tuned.code == 0)
    #expect(tuned.lines[1].hasPrefix("SHARED INITIALIZATION (certified)"))
    let scratch = try Run("origin", miniature("base"), miniature("scratch"))
    #expect(scratch.code == 1)
    #expect(scratch.lines[1].hasPrefix("NOT DETECTED"))
  }

  @Test("What cannot be tested, or is not certified, ends with 3")
  func noVerdict() throws {
    let start = SmallModel(seed: 1)
    var size = SmallModel.Size()
    size.width = 64
    var copied = start
    copied.layers = [start.layers[0], start.layers[0]]
    let others = [
      ("UNTESTABLE", model, try write("bert.safetensors", start.tensors(.bert))),
      (
        "UNTESTABLE", model,
        try write("wide.safetensors", SmallModel(size, seed: 1).tensors(.gpt2))
      ),
      (
        "CONTROLS FAILED", try write("a.safetensors", copied.tensors(.gpt2)),
        try write(
          "b.safetensors", copied.relative(correlation: 0.5, seed: 2).tensors(.gpt2))
      ),
    ]
    for (verdict, a, b) in others {
      let run = try Run("origin", a, b)
      #expect(run.code == 3)
      #expect(run.errors == "")
      #expect(run.lines[1].hasPrefix(verdict))
    }
  }

  @Test("A file that is missing, or holds NaN, ends with 2 and one line naming it")
  func faults() throws {
    var spoiled = SmallModel(seed: 1)
    spoiled.layers[1].up[2, 3] = .nan
    let bad = try write("spoiled.safetensors", spoiled.tensors(.gpt2))
    for (path, mention) in [
      (folder.path + "/missing.safetensors", "missing.safetensors"),
      (bad, "h.1.mlp.c_fc.weight"),
    ] {
      for arguments in [[model, path], [path, model]] {
        let run = try Run(["origin"] + arguments)
        #expect(run.code == 2)
        #expect(run.output == "")
        #expect(run.errorLines.count == 1)
        #expect(run.errors.contains(mention))
      }
    }
    try folder.write(Array("{".utf8), to: "config.json")
    let run = try Run("origin", model, relative)
    #expect(run.code == 2)
    #expect(run.errorLines.count == 1 && run.errors.contains("config.json: byte 1"))
  }

  @Test(
    "Wrong arguments end with 64",
    arguments: [
      ["origin"], ["origin", "a"], ["origin", "a", "b", "--level", "0"],
      ["origin", "a", "b", "--level", "0.4"], ["origin", "a", "b", "--level", "nan"],
      ["origin", "a", "b", "--rows", "0"], ["origin", "a", "b", "--monte-carlo", "-1"],
      ["origin", "a", "b", "--monte-carlo", "100000"], ["origin", "a", "b", "--heads", "0"],
      ["origin", "a", "b", "--heads", "3", "--key-value-heads", "2"],
      ["origin", "a", "b", "--key-value-heads", "2"],
      ["origin", "a", "b", "--unused-tokens", "5-2"],
      ["origin", "a", "b", "--unused-tokens", "1-2-3"],
      ["origin", "a", "b", "--unused-tokens", "x"],
      ["origin", "a", "b", "--unused-tokens", "1-9223372036854775807"],
      ["origin", "a", "b", "--json", "--csv"],
    ])
  func wrongArguments(arguments: [String]) throws {
    let run = try Run(arguments)
    #expect(run.code == 64)
    #expect(run.output == "")
    #expect(!run.errors.isEmpty)
  }

  @Test("A head of JSON, a row for each group, then the verdict", arguments: [0, 1])
  func json(code: Int32) throws {
    let run = try Run("origin", model, code == 0 ? relative : stranger, "--json")
    #expect(run.code == code)
    let objects = try run.objects()
    #expect(objects.allSatisfy { !$0.isEmpty })
    #expect(objects.first?["schema"] as? String == "transect.origin/1")
    let rows = objects.filter { $0["kind"] as? String == "group" }
    #expect(rows.count == (code == 0 ? 7 : 13))
    #expect(rows.allSatisfy { Set($0.keys) == Set(rows[0].keys) })
    #expect(rows[1]["name"] as? String == "mlp.0")
    #expect(rows[0]["layer"] is NSNull)
    let verdict = try #require(objects.last)
    #expect(verdict["kind"] as? String == "verdict")
    #expect(verdict["shared"] as? Bool == (code == 0))
    #expect(verdict["stages_planned"] as? Int == 3)
    let logarithm = try #require(verdict["ln_p_cert"] as? Double)
    #expect(code == 0 ? logarithm < -100 : logarithm == 0)
    #expect(verdict["detection_limit"] is Double)
    #expect(verdict["ln_p_mc"] is NSNull)
  }

  @Test("Comma-separated values have as many cells in every line")
  func csv() throws {
    let run = try Run("origin", model, relative, "--csv", "--monte-carlo", "9", "--rows", "40")
    #expect(run.table.count == 7)
    let row = try #require(run.table.first { $0["name"] == "mlp.1" })
    #expect(row["rows"] == "40")
    #expect(row["ln_p_mc"].flatMap { Double($0) } == -2.3025850929940455)
  }

  @Test("The result file is the same bytes for any threads, memory and manner of reading")
  func output() throws {
    func write(_ name: String, _ options: [String]) throws -> [UInt8] {
      let path = folder.path + "/" + name
      let arguments = ["origin", model, relative, "-q", "--layer-map", "--rows", "50", "-o", path]
      let run = try Run(arguments + options)
      #expect(run.code == 0)
      #expect(run.output == "" && run.errors == "")
      return try content(path)
    }
    let first = try write("a.h5", [])
    #expect(first.prefix(4) == [0x89, 0x48, 0x44, 0x46])
    for options in [
      [], ["--threads", "1"], ["--threads", "3", "--io", "pread"], ["--memory", "32MB"],
    ] {
      #expect(try write("b.h5", options) == first)
    }
    #expect(try write("c.h5", ["--seed", "1", "--force"]) != first)
  }

  @Test("A result is written whatever the verdict, and the code is that of the verdict")
  func outputOfStrangers() throws {
    let path = folder.path + "/apart.h5"
    #expect(try Run("origin", model, stranger, "-q", "-o", path).code == 1)
    #expect(try content(path).first == 0x89)
    let same = folder.path + "/same.h5"
    #expect(try Run("origin", model, model, "-q", "-o", same).code == 0)
    #expect(try content(same).first == 0x89)
    #expect(try Run("origin", model, relative, "-q", "-o", model, "--force").code == 2)
  }

  @Test("A map tells what no family's names do, and a bad one ends with 2")
  func map() throws {
    let start = SmallModel(seed: 1)
    let files = [
      try write("x.safetensors", start.tensors(.mapped)),
      try write(
        "y.safetensors", start.relative(correlation: 0.5, seed: 2).tensors(.mapped)),
    ]
    #expect(try Run(["origin"] + files).code == 3)
    let map = try folder.write(Array(SmallModelNames.map.utf8), to: "names.map")
    let run = try Run(["origin"] + files + ["--map", map])
    #expect(run.code == 0)
    #expect(run.lines[0].hasSuffix("names.map"))
    let bad = try folder.write(Array("what = ever".utf8), to: "bad.map")
    let fault = try Run(["origin"] + files + ["--map", bad])
    #expect(fault.code == 2)
    #expect(fault.errors.contains("line 1 of the map"))
  }

  @Test("Heads come from the option before the configuration, and direct tests plan one stage")
  func options() throws {
    let plain = try Run("origin", model, relative, "--csv", "--heads", "2")
    #expect(plain.table.first { $0["name"] == "vo.0" }?["blocks"] == "2")
    let direct = try Run("origin", model, stranger, "--direct-only")
    #expect(direct.code == 1)
    #expect(direct.lines[1].contains("1 stage planned"))
    #expect(try Run("origin", model, relative, "--level", "1e-300").code == 1)
  }

  @Test("Unused tokens are those of the vocabulary beside the checkpoint, or of the option")
  func unusedTokens() throws {
    let vocabulary = (0..<96).map { $0 < 20 ? "[unused\($0)]" : "token\($0)" }
    try folder.write(Array(vocabulary.joined(separator: "\n").utf8), to: "vocab.txt")
    let found = try Run("origin", model, stranger, "--csv")
    #expect(found.table.last?["group"] == "unused" && found.table.last?["h"] == "20")
    let given = try Run("origin", model, stranger, "--csv", "--unused-tokens", "3-17,20")
    #expect(given.table.last?["h"] == "16")
  }
}
