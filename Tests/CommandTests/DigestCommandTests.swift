import Foundation
import TestSupport
import Testing

@Suite struct DigestCommandTests {
  private let folder: TemporaryFolder
  private let tensors = [
    StoredTensor("wte.weight", [3, 2], from: 0), StoredTensor("ln_f.bias", [2], from: 5),
  ]

  init() throws { folder = try TemporaryFolder() }

  private func write(
    _ tensors: [StoredTensor], to name: String, prefix: String = ""
  ) throws -> String {
    let content = SafetensorsBytes.file(
      tensors.map { (prefix + $0.name, $0.dtype.rawValue, $0.shape, $0.bytes) })
    return try folder.write(content, to: name)
  }

  @Test("A line for each checkpoint, as sha256sum prints it; prefixes and order do not matter")
  func lines() throws {
    let plain = try write(tensors, to: "a.safetensors")
    let prefixed = try write(tensors.reversed(), to: "b.safetensors", prefix: "transformer.")
    let run = try Run("digest", plain, prefixed)
    #expect(run.code == 0)
    let digests = run.lines.prefix(2).map { $0.prefix(64) }
    #expect(digests[0] == digests[1])
    #expect(run.lines[0] == "\(digests[0])  \(plain)")
    let inspected = try Run("inspect", plain, "--digest", "--json").objects().first
    #expect(inspected?["model_digest"] as? String == String(digests[0]))
  }

  @Test("Every parameter has its own digest on request, under its canonical name")
  func parameters() throws {
    let path = try write(tensors, to: "a.safetensors")
    let objects = try Run("digest", path, "--tensors", "--json").objects()
    #expect(objects.map { $0["part"] as? String } == [nil, "tensor", "tensor", "model"])
    #expect(objects.map { $0["name"] as? String } == [nil, "wte.weight", "ln_f.bias", path])
  }

  @Test("The digests of inputs are in every result")
  func results() throws {
    let path = try write(tensors, to: "a.safetensors")
    let other = try write([tensors[0]], to: "b.safetensors")
    let run = try Run("norms", path, other, "-q", "-o", folder.path + "/r.h5")
    #expect(run.code == 0)
    let digest = try Run("digest", path).output.prefix(64)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/r.h5"))
    #expect(bytes.range(of: Data(digest.utf8)) != nil)
  }
}
