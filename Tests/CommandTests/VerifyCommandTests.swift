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
    let tensor = StoredTensor("w", [4, 2], from: first)
    let content = SafetensorsBytes.file([
      (tensor.name, tensor.dtype.rawValue, tensor.shape, tensor.bytes)
    ])
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
}
