import Checkpoints
import Geometry
import Reports
import Tensors
import TestSupport

/// Reports of small checkpoints, written for the purpose.
struct Sample {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The report of a base and others.
  func report(
    _ base: [StoredTensor], _ others: [(label: String, tensors: [StoredTensor])]
  ) throws -> NormsReport {
    let list = try ParameterList(folder.checkpoint("base.safetensors", base))
    let pairings = try others.map { other in
      let checkpoint = try folder.checkpoint(other.label + ".safetensors", other.tensors)
      return CheckpointPairing(base: list, other: try ParameterList(checkpoint))
    }
    let differences = try PairWalk(pairings).differences(
      using: WalkResources(threads: 1, scratchByteCount: 1 << 20))
    return NormsReport(
      labels: ["base"] + others.map(\.label), pairings: pairings, differences: differences)
  }

  /// Two layers and an embedding, with differences that are whole numbers.
  func twoLayers() throws -> NormsReport {
    try report(Sample.base, [("near", Sample.moved(by: 1)), ("far", Sample.moved(by: 3))])
  }

  static let base = [
    StoredTensor("transformer.wte.weight", [3, 2], from: 1),
    StoredTensor("transformer.h.0.c_fc.weight", [2, 3], from: 1),
    StoredTensor("transformer.h.0.ln_1.bias", [2], from: 1),
    StoredTensor("transformer.h.1.c_fc.weight", [2, 3], from: 1),
    StoredTensor("transformer.h.1.ln_1.bias", [2], from: 1),
  ]

  /// The base with each tensor moved, the later ones farther.
  static func moved(by step: Double) -> [StoredTensor] {
    base.enumerated().map { number, tensor in
      StoredTensor(tensor.name, tensor.shape, from: 1 + step * Double(number + 1))
    }
  }
}

extension ReportTable {
  private func cells(_ name: String) -> Cells? { columns.first { $0.name == name }?.cells }

  func texts(_ name: String) -> [String]? {
    if case .text(let texts) = cells(name) { texts } else { nil }
  }

  func integers(_ name: String) -> [Int?]? {
    if case .integer(let integers) = cells(name) { integers } else { nil }
  }

  func reals(_ name: String) -> [Double]? {
    if case .real(let reals) = cells(name) { reals } else { nil }
  }
}
