import Checkpoints
import Geometry
import LinearAlgebra
import Reports
import TestSupport

/// Pairs of small models, one for each verdict.
enum OriginSample: String, CaseIterable, Sendable {
  case identical, shared, mapped, aligned, unused, similar, stranger, copied, untestable

  /// What a test of the pair reports.
  func report(shuffles: Int = 0) throws -> OriginReport {
    let (a, b) = tensors
    let folder = try TemporaryFolder()
    var options = OriginTest.Options()
    options.heads = AttentionHeads(query: 4)
    options.shuffles = shuffles
    options.mapsLayers = self == .mapped
    options.unusedTokens = self == .unused ? [0..<20] : []
    let test = try OriginTest(
      ParameterList(folder.checkpoint("a.safetensors", a)),
      ParameterList(folder.checkpoint("b.safetensors", b)), options: options,
      resources: WalkResources(threads: 2, scratchByteCount: 1 << 24))
    return OriginReport(try test.run(), labels: ("one", "two"))
  }

  private var tensors: ([StoredTensor], [StoredTensor]) {
    let model = SmallModel(seed: 1)
    let relative = model.relative(correlation: 0.9, seed: 2)
    let rotation = Matrix.randomRotationKeepingOnes(32, seed: 4)
    switch self {
    case .identical: return (model.tensors(.gpt2), model.tensors(.gpt2))
    case .shared, .mapped: return (model.tensors(.gpt2), relative.tensors(.gpt2))
    case .aligned: return (model.tensors(.gpt2), relative.rotated(by: rotation).tensors(.gpt2))
    case .unused, .similar:
      return (model.tensors(.gpt2), shuffled(relative).rotated(by: rotation).tensors(.gpt2))
    case .stranger: return (model.tensors(.gpt2), SmallModel(seed: 9).tensors(.gpt2))
    case .copied:
      var copied = model
      copied.layers = [model.layers[0], model.layers[0]]
      return (copied.tensors(.gpt2), copied.relative(correlation: 0.5, seed: 2).tensors(.gpt2))
    case .untestable: return (model.tensors(.gpt2), model.tensors(.bert))
    }
  }

  /// Hidden units and dimensions of heads in another order.
  private func shuffled(_ model: SmallModel) -> SmallModel {
    var (randomness, model) = (RandomStream(seed: 3), model)
    for layer in model.layers.indices {
      let heads = (0..<4).flatMap { head in randomness.permutation(of: 8).map { head * 8 + $0 } }
      model = model.reorderingHidden(randomness.permutation(of: 64), layer: layer)
        .reorderingHeads(heads, layer: layer)
    }
    return model
  }
}
