import Checkpoints
import Geometry
import Reports
import TestSupport
import Testing

@Suite struct InspectReportTests {
  private let sample: Sample
  private let tensors = [
    StoredTensor("transformer.wte.weight", [3, 2], from: 0),
    StoredTensor("transformer.h.0.attn.bias", [1, 1, 2, 2], from: 0),
    StoredTensor("transformer.ln_f.bias", [2], [0, .nan]),
    StoredTensor("lm_head.weight", [3, 2], from: 0),
  ]

  init() throws { sample = try Sample() }

  private func parameters(_ tensors: [StoredTensor]) throws -> ParameterList {
    try ParameterList(sample.folder.checkpoint("model.safetensors", tensors))
  }

  private func digests(_ list: ParameterList) throws -> [ContentDigest] {
    try list.checkpoint.records.map { try ContentDigest(of: $0) }
  }

  @Test("Tensors are listed as stored, with their use")
  func table() throws {
    let table = InspectReport(try parameters(tensors)).table
    #expect(table.texts("tensor") == tensors.map(\.name))
    #expect(table.texts("use") == ["embedding", "buffer", "vector", "tied to wte.weight"])
    #expect(table.texts("shape") == ["3x2", "1x1x2x2", "2", "3x2"])
    #expect(table.integers("numel") == [6, 4, 2, 6])
    #expect(table.texts("file")?.first == "model.safetensors")
    #expect(table.reals("norm") == nil)
    #expect(table.texts("digest") == nil)
  }

  @Test("Statistics have columns only if they were taken")
  func statistics() throws {
    let list = try parameters(tensors)
    let found = try Geometry.statistics(
      of: list.checkpoint.records, using: WalkResources(threads: 1, scratchByteCount: 1 << 20))
    let table = InspectReport(list, statistics: found).table
    #expect(table.reals("norm")?.first == 55.0.squareRoot())
    #expect(table.reals("average")?.first == 2.5)
    #expect(table.integers("n_zero") == [1, 1, 1, 1])
    #expect(table.integers("n_nan") == [0, 0, 1, 0])
    #expect(table.columns.first { $0.name == "n_nan" }?.heading == "NaN")
  }

  @Test("A model's digest is that of its parameters, whatever their order, prefixes and buffers")
  func digest() throws {
    let list = try parameters(tensors)
    let report = InspectReport(list, digests: try digests(list))
    var renamed = tensors[0]
    renamed.name = "wte.weight"
    let bare = try parameters([tensors[2], renamed])
    let other = InspectReport(bare, digests: try digests(bare))
    #expect(report.modelDigest == other.modelDigest)
    #expect(report.table.texts("digest")?.allSatisfy { $0.count == 64 } == true)
    #expect(InspectReport(list).modelDigest == nil)
  }

  @Test("One changed bit changes the digest")
  func changedBit() throws {
    let list = try parameters(tensors)
    let digest = InspectReport(list, digests: try digests(list)).modelDigest
    var changed = tensors
    changed[2].bytes[0] ^= 1
    let other = try parameters(changed)
    #expect(InspectReport(other, digests: try digests(other)).modelDigest != digest)
  }

  @Test("The summary counts tensors, parameters, buffers and ties")
  func summary() throws {
    let lines = InspectReport(try parameters(tensors)).summary
    #expect(lines[0].hasSuffix("model.safetensors: safetensors, 4 tensors, 72 bytes in 1 file"))
    #expect(lines[1] == "8 parameters in 2 tensors; 1 buffers, 1 tied")
  }

  @Test("Metadata cannot steer a terminal")
  func metadata() throws {
    let header =
      #"{"__metadata__":{"note":"\u001b[2J"},"a":{"dtype":"U8","shape":[1],"#
      + #""data_offsets":[0,1]}}"#
    let path = try sample.folder.write(
      SafetensorsBytes.file(header: header, data: [1]), to: "meta.safetensors")
    let lines = InspectReport(try ParameterList(SafetensorsFile(path))).summary
    #expect(lines.last == "metadata note: \\u{1B}[2J")
  }
}
