import TestSupport
import Testing

@Suite struct InspectCommandTests {
  private let folder: TemporaryFolder
  private let tensors = [
    StoredTensor("wte.weight", [3, 2], from: 0), StoredTensor("ln_f.bias", [2], from: 5),
    StoredTensor("h.0.w", [2, 2], from: 1, dtype: .float16),
  ]

  init() throws { folder = try TemporaryFolder() }

  private func modelDigest(_ path: String) throws -> String? {
    try Run("inspect", path, "--digest", "--json").objects().first?["model_digest"] as? String
  }

  @Test("Without options the header alone is told")
  func plain() throws {
    let run = try Run("inspect", fixture("base"))
    #expect(run.code == 0)
    #expect(run.errors == "")
    #expect(run.output.contains("safetensors, 33 tensors"))
    #expect(run.output.contains("tied to wte.weight"))
    #expect(!run.output.contains("model digest"))
  }

  @Test("Columns of statistics and digests come on request")
  func columns() throws {
    let plain = try #require(Run("inspect", fixture("half"), "--csv").table.first)
    #expect(plain["norm"] == nil && plain["digest"] == nil)
    let full = try #require(
      Run("inspect", fixture("half"), "--csv", "--stats", "--digest").table.first)
    #expect(Double(full["norm"] ?? "").map { $0 > 0 } == true)
    #expect(full["digest"]?.count == 64)
    #expect(Set(plain.keys).isSubset(of: full.keys))
  }

  @Test("Every line of JSON is an object, the first a header")
  func json() throws {
    let objects = try Run("inspect", fixture("nonfinite"), "--json", "--stats").objects()
    #expect(objects.count == 34)
    #expect(objects[0]["schema"] as? String == "transect.inspect/1")
    #expect(objects.dropFirst().allSatisfy { $0["kind"] as? String == "tensor" })
  }

  @Test("Statistics are the same for any threads and ways of reading")
  func sameStatistics() throws {
    let arguments = ["inspect", miniature("base"), "--stats", "--csv"]
    let expected = try Run(arguments + ["--threads", "1"]).output
    #expect(try Run(arguments + ["--threads", "5"]).output == expected)
    #expect(try Run(arguments + ["--io", "pread", "--memory", "32MB"]).output == expected)
  }

  @Test("Models with the same content have the same digest, whatever order and metadata")
  func digest() throws {
    let first = try folder.checkpoint("first.safetensors", tensors)
    let reversed = try folder.checkpoint("reversed.safetensors", tensors.reversed())
    let digest = try #require(try modelDigest(first.path))
    #expect(digest.count == 64)
    #expect(try modelDigest(reversed.path) == digest)
    #expect(try modelDigest(withMetadata(tensors[1])) == modelDigest(alone(tensors[1])))
    var changed = tensors
    changed[0].bytes[3] ^= 0x80
    #expect(try modelDigest(folder.checkpoint("changed.safetensors", changed).path) != digest)
  }

  private func alone(_ tensor: StoredTensor) throws -> String {
    try folder.checkpoint("alone.safetensors", [tensor]).path
  }

  private func withMetadata(_ tensor: StoredTensor) throws -> String {
    let header =
      #"{"__metadata__":{"format":"pt"},"\#(tensor.name)":{"dtype":"\#(tensor.dtype.rawValue)","#
      + #""shape":\#(tensor.shape),"data_offsets":[0,\#(tensor.bytes.count)]}}"#
    return try folder.write(
      SafetensorsBytes.file(header: header, data: tensor.bytes), to: "metadata.safetensors")
  }
}
