import Foundation
import TestSupport
import Testing

@Suite struct VerifyCommandTests {
  private let folder: TemporaryFolder
  private var models: [String] { ["a", "b"].map { "\(folder.path)/\($0).safetensors" } }
  private var result: String { folder.path + "/r.h5" }

  init() throws {
    folder = try TemporaryFolder()
    for (name, first) in [("a", 0), ("b", 3)] { try write(name, first: Double(first)) }
    let run = try Run(["norms"] + models + ["-q", "--record-paths", "-o", result])
    #expect(run.code == 0)
  }

  private func write(_ name: String, first: Double) throws {
    let content = SafetensorsBytes.file([StoredTensor("w", [4, 2], from: first)])
    _ = try folder.write(content, to: "\(name).safetensors")
  }

  @Test("Inputs that are what they were give 0")
  func same() throws {
    let run = try Run("verify", result)
    #expect(run.code == 0)
    #expect(run.lines.prefix(2).allSatisfy { $0.hasPrefix("OK ") })
  }

  @Test("A changed value gives 1, a missing file 3, and the line says which")
  func changed() throws {
    try write("b", first: 4)
    let run = try Run("verify", result, "--json")
    #expect(run.code == 1)
    #expect(try run.objects().map { $0["status"] as? String } == [nil, "OK", "CHANGED"])
    #expect(try run.objects().last?["remark"] as? String == "1 of 1 parameter: w")
    try FileManager.default.removeItem(atPath: models[1])
    let missing = try Run("verify", result)
    #expect(missing.code == 3)
    #expect(missing.lines[1].hasPrefix("MISSING "))
  }

  @Test("An input that is no checkpoint any more has changed, and the others are still looked at")
  func broken() throws {
    _ = try folder.write(Array("no checkpoint".utf8), to: "a.safetensors")
    let run = try Run("verify", result)
    #expect(run.code == 1 && run.errors.isEmpty)
    #expect(run.lines[0].hasPrefix("CHANGED  a: ") && run.lines[0].contains("not safetensors"))
    #expect(run.lines[1].hasPrefix("OK "))
  }

  @Test("Inputs that lie elsewhere can be named, all of them")
  func elsewhere() throws {
    #expect(try Run("verify", result, models[0], models[1]).code == 0)
    #expect(try Run("verify", result, models[1], models[0]).code == 1)
    #expect(try Run("verify", result, models[0]).code == 64)
  }

  @Test("What is no result file ends with 2 and one line")
  func foreign() throws {
    for path in [models[0], folder.path + "/none.h5"] {
      let run = try Run("verify", path)
      #expect(run.code == 2)
      #expect(run.errorLines.count == 1)
    }
  }

  /// Writes a folder with a model of its own in it.
  private func writeFolder(_ name: String, first: Double) throws {
    let file = SafetensorsBytes.file([StoredTensor("w", [4, 2], from: first)])
    _ = try folder.write(file, to: name + "/model.safetensors")
  }

  private func verify(_ arguments: String..., in place: String) throws -> Run {
    try Run(["verify"] + arguments, in: "\(folder.path)/\(place)")
  }

  @Test(
    "Folders are found by their names from the folder that holds them, however they were named",
    arguments: [
      ("family", ["x", "y/", "./z"]), ("", ["family/x", "family/y", "family/z//"]),
      ("family/x", [".", "../y", "../z/."]),
    ])
  func folders(place: String, arguments: [String]) throws {
    for (number, name) in ["x", "y", "z"].enumerated() {
      try writeFolder("family/" + name, first: Double(number))
    }
    let run = try Run(
      ["norms"] + arguments + ["-q", "-o", result, "--force"], in: "\(folder.path)/\(place)")
    #expect(run.code == 0)
    let found = try verify(result, in: "family")
    #expect(found.code == 0)
    #expect(found.output == ["x", "y", "z"].map { "OK       \($0): \($0)\n" }.joined())
    let elsewhere = try verify(result, in: "family/x")
    #expect(elsewhere.code == 3 && !elsewhere.output.contains("CHANGED"))
    try writeFolder("family/y", first: 9)
    #expect(try verify(result, in: "family").lines[1].hasPrefix("CHANGED"))
  }

  @Test("A file that bears the name of several inputs has not changed")
  func sharedName() throws {
    for (number, name) in ["x", "y"].enumerated() { try writeFolder(name, first: Double(number)) }
    let files = ["x", "y"].map { "\(folder.path)/\($0)/model.safetensors" }
    #expect(try Run(["norms"] + files + ["-q", "-o", result, "--force"]).code == 0)
    let run = try verify(result, in: "x")
    #expect(run.code == 3 && run.lines[0].hasPrefix("OK "))
    #expect(run.lines[1].hasPrefix("MISSING ") && run.lines[1].hasSuffix("what is there is x"))
    try writeFolder("x", first: 9)
    let changed = try verify(result, in: "x")
    #expect(changed.code == 3 && changed.output.contains("several inputs have this name"))
    #expect(try Run(["verify", result] + files).code == 1)
  }

  @Test("Texts are inputs too, by the digest of their bytes")
  func texts() throws {
    let text = try folder.write(Array("The film was great.\nA bore.\n".utf8), to: "text.txt")
    let models = ["base", "tuned"].map(miniature)
    let options = ["--text", text, "--lines", "--alpha", "0.5", "-q", "-o", result, "--force"]
    #expect(try Run(["path"] + models + options).code == 0)
    let inputs = ["verify", result] + models
    let same = try Run(inputs + [text])
    #expect(same.code == 0 && same.lines[2].hasPrefix("OK       text: "))
    #expect(try verify(result, in: "").lines[2].hasPrefix("OK       text: text.txt"))
    _ = try folder.write(Array("The film was bad.\n".utf8), to: "text.txt")
    let changed = try Run(inputs + [text])
    #expect(changed.code == 1 && changed.lines[2].hasPrefix("CHANGED  text: "))
  }

  @Test("A mixed checkpoint names its inputs; they are looked for beside it")
  func mixed() throws {
    for (number, name) in ["x", "y"].enumerated() { try writeFolder(name, first: Double(number)) }
    let inputs = ["x", "y"].map { "\(folder.path)/\($0)" }
    for output in ["m.safetensors", "m"] {
      let path = folder.path + "/" + output
      #expect(try Run(["mix"] + inputs + ["--alpha", "0.5", "-q", "-o", path]).code == 0)
      #expect(try Run("verify", path).code == 0)
      #expect(try verify(output, in: "").lines[0] == "OK       x: x")
      #expect(try Run(["verify", path] + inputs).code == 0)
      #expect(try Run(["verify", path] + inputs.reversed()).code == 1)
    }
    try writeFolder("y", first: 9)
    #expect(try Run("verify", folder.path + "/m").lines[1].hasPrefix("CHANGED"))
    #expect(try verify(".", in: "m").code == 1)
    #expect(try Run("verify", inputs[0]).errors.contains("neither a result file"))
  }
}
