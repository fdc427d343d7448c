import LinearAlgebra
import Tensors

/// The rotation of A's residual stream that best takes its token embedding onto B's,
///
///     R = argmin ‖E_A R − E_B‖_F over R Rᵀ = I
///
/// fitted on the rows both vocabularies share. Embeddings have no axis of hidden units or heads, so
/// a test of those in the rotated basis is as exact as one in the basis as stored.
///
/// Source: Schönemann 1966; for its use before a test, docs/ORIGIN-STATISTICS.md.
struct ResidualAlignment {
  /// R, [channels, channels].
  let rotation: Matrix

  /// Fits the rotation, or returns `nil` if the models have no token embeddings of one width, or
  /// products of their weights overflow.
  ///
  /// - Parameters:
  ///   - a: the group of A's residual channels.
  ///   - b: the group of B's.
  ///   - unusedTokens: rows to leave out of the fit.
  ///   - resources: how much of the machine to use.
  /// - Throws: `CheckpointError` if a file cannot be read.
  init?(
    a: UnitGroup, b: UnitGroup, leavingOut unusedTokens: [Range<Int>], resources: WalkResources
  ) throws {
    guard let left = a.views.first, let right = b.views.first, a.blockLength == b.blockLength,
      left.name == right.name
    else { return nil }
    let rows = min(left.featureCount, right.featureCount)
    let kept = RangeList(0..<rows).subtracting(unusedTokens)
    let product = SimilarityProduct(
      a: ScaledGroup(raw: a.with(views: [left.with(features: kept)])),
      b: ScaledGroup(raw: b.with(views: [right.with(features: kept)])), resources: resources)
    let products = try product.matrix()
    guard products.elements.allSatisfy(\.isFinite) else { return nil }
    rotation = nearestOrthogonal(to: products)
  }

  /// Memory that the fit takes: two matrices in binary32, and for the singular value decomposition
  /// some ten in binary64.
  static func byteCount(channels: Int) -> Int { squareByteCount(channels, ofEach: 2 * 4 + 10 * 8) }

  /// Whether all features of a group are channels of the residual stream: not where embeddings
  /// are narrower than layers.
  func fits(_ group: UnitGroup) -> Bool {
    group.views.allSatisfy { $0.slabs.allSatisfy { $0.featureExtent == rotation.rows } }
  }
}

extension SimilarityProduct {
  /// C of a group of one block, whole.
  func matrix() throws -> Matrix {
    let size = a.group.blockLength
    var matrix = Matrix(rows: size, columns: size)
    try forEachRegion { region, product in
      for (index, row) in region.rows.enumerated() {
        for (place, column) in region.columns.enumerated() {
          matrix[row, column] = product[index * region.columns.count + place]
        }
      }
    }
    return matrix
  }
}

/// Ranges of whole numbers.
struct RangeList {
  private let whole: Range<Int>

  init(_ whole: Range<Int>) { self.whole = whole }

  /// What is left without some ranges, ascending.
  func subtracting(_ others: [Range<Int>]) -> [Range<Int>] {
    var (kept, next) = ([Range<Int>](), whole.lowerBound)
    for other in others.sorted(by: { $0.lowerBound < $1.lowerBound }) {
      let part = other.clamped(to: whole)
      if next < part.lowerBound { kept.append(next..<part.lowerBound) }
      next = max(next, part.upperBound)
    }
    return next < whole.upperBound ? kept + [next..<whole.upperBound] : kept
  }
}
