import Checkpoints
import Tensors

/// Which units a group is about.
public enum UnitKind: String, CaseIterable, Hashable, Sendable {
  /// Channels of the residual stream, by their columns of the embeddings.
  case residual = "res"
  /// Hidden units of one layer's MLP.
  case hidden = "mlp"
  /// Dimensions within each head, by values and output projection.
  case value = "vo"
  /// Dimensions within each head, by queries and keys.
  case query = "qk"
  /// Tokens that no text contained, by their rows of the embedding.
  case unusedToken = "unused"
}

/// Units whose labels an initialization leaves exchangeable, and where one model keeps their
/// weights.
///
/// There are `blockCount` blocks (heads) of `blockLength` units each; labels are exchangeable
/// within a block. Each view gives every unit one vector.
struct UnitGroup: Sendable {
  let kind: UnitKind
  /// The layer, or `nil` for groups of the whole model.
  let layer: Int?
  let blockCount: Int
  let blockLength: Int
  let views: [UnitView]

  var unitCount: Int { blockCount * blockLength }

  /// `mlp.3`, or `res`.
  var name: String { layer.map { "\(kind.rawValue).\($0)" } ?? kind.rawValue }

  /// Why units of this group cannot be compared with those of another model, or `nil` if they can.
  func mismatch(with other: UnitGroup) -> String? {
    if (blockCount, blockLength) != (other.blockCount, other.blockLength) {
      return "\(blockCount) x \(blockLength) units against \(other.blockCount) x "
        + "\(other.blockLength)"
    }
    if views.count != other.views.count {
      return "\(views.count) tensors against \(other.views.count)"
    }
    for (mine, theirs) in zip(views, other.views)
    where mine.slabs.map(\.featureCount) != theirs.slabs.map(\.featureCount) {
      return
        "vectors of \(mine.featureCount) weights against \(theirs.featureCount) in \(mine.name)"
    }
    return nil
  }
}

/// One vector for each unit of a group, normalized on its own: the part of a tensor, or several
/// parts end to end, that belongs to the unit.
struct UnitView: Sendable {
  /// The tensor's name within its layer.
  let name: String
  let slabs: [UnitSlab]

  var featureCount: Int { slabs.reduce(0) { $0 + $1.featureCount } }
}

/// Part of a matrix: some positions along one axis are units, positions along the other are their
/// features.
struct UnitSlab: Sendable {
  let record: TensorRecord
  /// 0 if rows are units, 1 if columns are.
  let unitAxis: Int
  /// Where along that axis each unit is, block after block.
  let positions: [Int]
  /// Which features take part.
  var features: [Range<Int>]
  /// The gain of the normalization before the matrix, one factor for each feature.
  let gain: TensorRecord?

  init(
    _ record: TensorRecord, unitAxis: Int, positions: [Int], gain: TensorRecord? = nil
  ) {
    (self.record, self.unitAxis, self.positions) = (record, unitAxis, positions)
    features = [0..<record.shape.dimensions[1 - unitAxis]]
    self.gain = gain
  }

  /// Positions along the feature axis, taking part or not.
  var featureExtent: Int { record.shape.dimensions[1 - unitAxis] }

  var featureCount: Int { features.reduce(0) { $0 + $1.count } }
}

extension UnitView {
  /// The same part of the tensor by only some features.
  func with(features: [Range<Int>]) -> UnitView {
    UnitView(
      name: name,
      slabs: slabs.map { slab in
        var slab = slab
        slab.features = features
        return slab
      })
  }
}

extension UnitGroup {
  /// The same units by other views.
  func with(views: some Sequence<UnitView>) -> UnitGroup {
    UnitGroup(
      kind: kind, layer: layer, blockCount: blockCount, blockLength: blockLength,
      views: Array(views))
  }
}
