import LinearAlgebra
import Threads

/// A group of one model, ready to be multiplied.
struct ScaledGroup: Sendable {
  let group: UnitGroup
  /// `nil` leaves the weights as they are.
  let scaling: UnitScaling?
  let foldsGain: Bool

  /// Measures a group.
  ///
  /// - Throws: `CheckpointError` if a weight is NaN or infinite, or cannot be read.
  init(
    _ group: UnitGroup, foldsGain: Bool = false, isCentred: Bool = true, threads: Int
  ) throws {
    (self.group, self.foldsGain) = (group, foldsGain)
    scaling = try UnitScaling(
      group, foldsGain: foldsGain, isCentred: isCentred, threads: threads)
  }

  /// A group whose weights are taken as they are.
  init(raw group: UnitGroup) { (self.group, scaling, foldsGain) = (group, nil, false) }
}

/// Part of the products of a group's units: in each of some blocks, some units of A by some of B.
struct SimilarityRegion: Sendable {
  let blocks: Range<Int>
  /// Units of A within a block, ascending.
  let rows: [Int]
  /// Units of B within a block.
  let columns: Range<Int>

  var blockSize: Int { rows.count * columns.count }

  /// The rows of a block in tiles, as positions among ``rows``: those whose units lie in one cell
  /// of fixed extent, so that tiles are the same however rows were cut into regions.
  var rowTiles: [Range<Int>] {
    var (tiles, first) = ([Range<Int>](), 0)
    for index in rows.indices {
      let next = index + 1
      if next == rows.count
        || rows[next] / SimilarityProduct.tileLength != rows[index] / SimilarityProduct.tileLength
      {
        tiles.append(first..<next)
        first = next
      }
    }
    return tiles
  }

  /// The tiles of all blocks, as positions among the rows of all.
  var allRowTiles: [Range<Int>] {
    blocks.indices.flatMap { block in
      let first = (block - blocks.lowerBound) * rows.count
      return rowTiles.map { $0.lowerBound + first..<$0.upperBound + first }
    }
  }
}

/// The likeness of every unit of A with every unit of B within a block,
///
///     C[i, j] = Σ_views ⟨x_i, y_j⟩
///
/// of scaled vectors, in pieces that fit the memory granted. Features are multiplied in panels and
/// units in tiles of fixed size, so the bits of C depend on neither threads nor memory.
struct SimilarityProduct: Sendable {
  let a: ScaledGroup
  let b: ScaledGroup
  /// Applied to A's features, which are then channels of the residual stream; [channels, channels].
  var rotation: Matrix?
  let resources: WalkResources

  static let panelLength = 256
  static let tileLength = 256

  /// Computes C, region by region: those on the diagonal come first.
  ///
  /// - Parameters:
  ///   - rows: which units of A within a block take part, ascending; `nil` is all.
  ///   - body: takes a region and its C, [blocks, rows, columns].
  /// - Throws: what `body` throws; `CheckpointError` if a file cannot be read.
  /// - Precondition: the groups match.
  func forEachRegion(
    rows: [Int]? = nil, _ body: (SimilarityRegion, UnsafeBufferPointer<Float>) throws -> Void
  ) throws {
    for region in regions(rows: rows ?? Array(0..<a.group.blockLength)) {
      let product = FloatBuffer(count: region.blocks.count * region.blockSize)
      for (index, views) in zip(a.group.views, b.group.views).enumerated() {
        for (slab, slabs) in zip(views.0.slabs, views.1.slabs).enumerated() {
          let sides = try (
            PanelSource(a, slabs.0, view: index, slab: slab, rotation: rotation),
            PanelSource(b, slabs.1, view: index, slab: slab, rotation: nil)
          )
          try add(sides.0, sides.1, region, to: product)
        }
      }
      try body(region, UnsafeBufferPointer(start: product.start, count: product.count))
    }
  }

  /// Diagonal regions, then the others. Several blocks, or part of one, go into one region.
  private func regions(rows: [Int]) -> [SimilarityRegion] {
    let group = a.group
    let (side, length) = (longestSide, group.blockLength)
    guard length > side else {
      let blocksAtOnce = max(scratchFloats / (length * (length + panelFloats)), 1)
      return stride(from: 0, to: group.blockCount, by: blocksAtOnce).map { first in
        SimilarityRegion(
          blocks: first..<min(first + blocksAtOnce, group.blockCount), rows: rows,
          columns: 0..<length)
      }
    }
    let parts = stride(from: 0, to: length, by: side).map { $0..<min($0 + side, length) }
    return (0..<group.blockCount).flatMap { block in
      let pairs =
        parts.map { ($0, $0) }
        + parts.flatMap { part in
          parts.filter { $0 != part }.map { (part, $0) }
        }
      return pairs.map { pair in
        SimilarityRegion(
          blocks: block..<block + 1, rows: rows.filter { pair.0.contains($0) }, columns: pair.1)
      }
    }
  }

  /// The largest multiple of a tile such that C, the panels of both sides and what a rotation
  /// needs fit the memory granted.
  private var longestSide: Int {
    let tile = SimilarityProduct.tileLength
    var side = tile
    while (side + tile) * (side + tile + panelFloats) <= scratchFloats { side += tile }
    return side
  }

  private var scratchFloats: Int { resources.scratchByteCount / MemoryLayout<Float>.size }

  /// What panels and a rotation take for each unit.
  private var panelFloats: Int {
    2 * SimilarityProduct.panelLength + 2 * (rotation?.rows ?? 0)
  }

  private func add(
    _ left: PanelSource, _ right: PanelSource, _ region: SimilarityRegion, to product: FloatBuffer
  ) throws {
    let length = a.group.blockLength
    let units = (
      region.blocks.flatMap { block in region.rows.map { block * length + $0 } },
      region.blocks.flatMap { block in region.columns.map { block * length + $0 } }
    )
    let rotated = try left.rotated(
      units.0, tiles: region.allRowTiles, threads: resources.threads)
    for range in left.reader.slab.features {
      for first in stride(from: range.lowerBound, to: range.upperBound, by: Self.panelLength) {
        let features = first..<min(first + Self.panelLength, range.upperBound)
        let x =
          try rotated.map { $0.panel(features) }
          ?? left.panel(units.0, features, threads: resources.threads)
        let y = try right.panel(units.1, features, threads: resources.threads)
        try multiply(x, y, region, into: product)
      }
    }
  }

  /// C += X Yᵀ, tile by tile.
  private func multiply(
    _ x: Panel, _ y: Panel, _ region: SimilarityRegion, into product: FloatBuffer
  ) throws {
    let (columns, tile) = (region.columns.count, SimilarityProduct.tileLength)
    let (down, across) = (region.allRowTiles, (columns + tile - 1) / tile)
    _ = try concurrentMap(down.count * across, threads: resources.threads) { index in
      let rows = down[index / across]
      let (block, column) = (rows.lowerBound / region.rows.count, index % across * tile)
      LinearAlgebra.multiply(
        rows: rows.count, columns: min(tile, columns - column), inner: x.featureCount,
        x.operand(unit: rows.lowerBound, isTransposed: !x.hasUnitRows),
        y.operand(unit: block * columns + column, isTransposed: y.hasUnitRows),
        into: product.start + rows.lowerBound * columns + column,
        rowStride: columns, accumulating: true)
    }
  }
}

/// Bytes that a square matrix takes.
///
/// - Parameters:
///   - side: rows, not negative.
///   - elementByteCount: bytes of each element.
/// - Returns: the bytes; the greatest `Int` if that cannot hold them.
func squareByteCount(_ side: Int, ofEach elementByteCount: Int = MemoryLayout<Float>.size) -> Int {
  let (count, overflows) = side.multipliedReportingOverflow(by: side)
  let (bytes, isTooLarge) = count.multipliedReportingOverflow(by: elementByteCount)
  return overflows || isTooLarge ? .max : bytes
}
