import HDF5
import Tensors

/// The names that weights of transformers' TensorFlow classes have in PyTorch, and their layout.
///
/// | in the file | here |
/// |---|---|
/// | `tfgpt2lm_head_model/transformer/h_._0/ln_1/gamma:0` | `transformer.h.0.ln_1.weight` |
/// | `tf_bert_model/bert/encoder/layer_._0/output/dense/kernel:0` | `bert.….output.dense.weight`, transposed |
/// | `tf_bert_model/bert/embeddings/position_embeddings/embeddings:0` | `bert.….position_embeddings.weight` |
/// | `tf_bert_for_pre_training/mlm___cls/predictions/bias:0` | `cls.predictions.bias` |
///
/// The first component is the class and is dropped. A bias of shape [1, n], as TensorFlow's Conv1D
/// has it, becomes [n]; kernels of convolutions have their channels first.
///
/// Source: transformers, `modeling_tf_pytorch_utils.py`, `convert_tf_weight_name_to_pt_weight_name`
/// and `apply_transpose`.
struct KerasNames {
  /// Whether the weights are of such a class, whose names begin with `tf`.
  let areTransformers: Bool

  init(_ weightNames: [String]) {
    areTransformers = !weightNames.isEmpty && weightNames.allSatisfy { $0.hasPrefix("tf") }
  }

  /// A weight under its name here, in the layout that goes with it.
  ///
  /// - Throws: ``CheckpointError`` if it is a kernel of more extents than are known.
  func translated(
    _ record: TensorRecord, _ dataset: WeightFile.Dataset, path: String
  ) throws -> TensorRecord {
    guard areTransformers, let listed = dataset.weightName else {
      let name = dataset.weightName ?? String(dataset.path.dropFirst())
      return record.renamed(TensorName(KerasNames.components(of: name).joined(separator: ".")))
    }
    var parts = KerasNames.components(of: KerasNames.withLevels(listed))
    if parts.count > 1 { parts.removeFirst() }
    let isKernel =
      parts.last == "kernel" || parts.contains("emb_projs") || parts.contains("out_projs")
    if let last = parts.indices.last { parts[last] = KerasNames.leaves[parts[last]] ?? parts[last] }
    let named = record.renamed(TensorName(parts.joined(separator: ".")))
    if isKernel { return try channelsFirst(named, path: path) }
    return parts.last == "bias" ? named.withoutLeadingOne : named
  }

  private func channelsFirst(_ record: TensorRecord, path: String) throws -> TensorRecord {
    switch record.shape.rank {
    case ...3: return record.transposed
    case 4: return record.permuted([3, 2, 0, 1])
    default:
      throw CheckpointError(
        .unsupported, in: path, tensor: record.name,
        "is a kernel of \(record.shape.rank) extents, whose layout is not known")
    }
  }

  private static let leaves: [Substring: Substring] = [
    "kernel": "weight", "embeddings": "weight", "gamma": "weight", "beta": "bias",
  ]

  /// The parts of a name, without the number of the output that TensorFlow appends.
  private static func components(of name: String) -> [Substring] {
    let text = name.hasSuffix(":0") ? name.dropLast(2) : name[...]
    return text.split(separator: "/")
  }

  /// A name in which every level stands between slashes.
  private static func withLevels(_ name: String) -> String {
    let levels = name.split(separator: "/").enumerated().map { index, level -> Substring in
      // Of `mlm___cls` the second part is the name in PyTorch.
      guard index > 0, let mark = level.lastRange(of: "___") else { return level }
      return level[mark.upperBound...]
    }
    return levels.joined(separator: "/").replacing("_._", with: "/")
  }
}

extension Substring {
  fileprivate func lastRange(of text: String) -> Range<Index>? { ranges(of: text).last }
}
