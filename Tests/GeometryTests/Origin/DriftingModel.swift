import Geometry
import LinearAlgebra
import TestSupport

/// A small GPT-2 of normal weights that drifts, as training does, in directions of its own.
struct DriftingModel {
  static let width = 16
  static let hidden = 64
  /// The matrices of each layer, rows by columns.
  private static let shapes: [(name: String, rows: Int, columns: Int)] = [
    ("attn.c_attn.weight", width, 3 * width), ("attn.c_proj.weight", width, width),
    ("mlp.c_fc.weight", width, hidden), ("mlp.c_proj.weight", hidden, width),
  ]

  private var embedding: [Double]
  private var layers: [[[Double]]]

  /// Independent of the models of other seeds.
  init(layers count: Int = 2, seed: UInt64) {
    var randomness = RandomStream(seed: seed)
    embedding = (0..<40 * DriftingModel.width).map { _ in randomness.normal() }
    layers = (0..<count).map { _ in
      DriftingModel.shapes.map { shape in
        (0..<shape.rows * shape.columns).map { _ in randomness.normal() }
      }
    }
  }

  /// The model after steps of a size relative to its weights, in a direction that the seed draws.
  func drifted(_ size: Double, seed: UInt64) -> DriftingModel {
    var (model, randomness) = (self, RandomStream(seed: seed, stream: 1))
    model.embedding = embedding.map { $0 + size * randomness.normal() }
    model.layers = layers.map { matrices in
      matrices.map { values in values.map { $0 + size * randomness.normal() } }
    }
    return model
  }

  /// A model of some of the layers.
  func keeping(_ kept: [Int]) -> DriftingModel {
    var model = self
    model.layers = kept.map { layers[$0] }
    return model
  }

  /// The tensors; the hidden units of narrow layers are cut to half.
  func tensors(narrow: Set<Int> = []) -> [StoredTensor] {
    let start = StoredTensor("wte.weight", [40, DriftingModel.width], embedding)
    return [start]
      + layers.enumerated().flatMap { layer, matrices in
        zip(DriftingModel.shapes, matrices).map { shape, values in
          let isCut = narrow.contains(layer)
          let rows = isCut && shape.rows == DriftingModel.hidden ? shape.rows / 2 : shape.rows
          let columns =
            isCut && shape.columns == DriftingModel.hidden ? shape.columns / 2 : shape.columns
          return StoredTensor(
            "h.\(layer).\(shape.name)", [rows, columns], Array(values.prefix(rows * columns)))
        }
      }
  }

  /// The model as a file of a folder, read back.
  func list(in folder: TemporaryFolder, _ name: String, narrow: Set<Int> = []) throws
    -> ParameterList
  {
    try ParameterList(folder.checkpoint(name + ".safetensors", tensors(narrow: narrow)))
  }
}
