import Tensors

/// How blocks of several extents cover a tensor.
///
/// Along each axis the tensor is cut at some places, and the blocks are all the pieces that come of
/// it, as sharding over a mesh of processes makes them.
struct BlockGrid {
  /// One block of a tensor.
  struct Block {
    let offsets: [Int]
    let sizes: [Int]
  }

  /// Where pieces begin along each axis, from 0 on, then the extent.
  private let cuts: [[Int]]
  /// For each piece of the grid, row-major, which of the blocks it is.
  private let order: [Int]
  private let shape: Shape

  /// Lays out blocks, or is `nil` if they are not such a grid, each piece once.
  init?(shape: Shape, blocks: [Block]) {
    let rank = shape.rank
    guard blocks.allSatisfy({ $0.offsets.count == rank && $0.sizes.count == rank }) else {
      return nil
    }
    let cuts = (0..<rank).map { axis in
      Set(blocks.map { $0.offsets[axis] } + [shape.dimensions[axis]]).sorted()
    }
    let counts = cuts.map { $0.count - 1 }
    guard cuts.allSatisfy({ $0.first == 0 }), let grid = Shape(counts),
      grid.elementCount == blocks.count
    else { return nil }
    var order = [Int](repeating: -1, count: blocks.count)
    for (number, block) in blocks.enumerated() {
      var place = 0
      for axis in 0..<rank {
        guard let piece = BlockGrid.piece(of: block.offsets[axis], in: cuts[axis]),
          piece < counts[axis], cuts[axis][piece] == block.offsets[axis],
          cuts[axis][piece + 1] - cuts[axis][piece] == block.sizes[axis]
        else { return nil }
        place = place * counts[axis] + piece
      }
      guard order[place] < 0 else { return nil }
      order[place] = number
    }
    (self.cuts, self.order, self.shape) = (cuts, order, shape)
  }

  /// The last cut that is not beyond a position.
  private static func piece(of position: Int, in cuts: [Int]) -> Int? {
    var (low, high) = (0, cuts.count)
    while low < high {
      let middle = (low + high) / 2
      if cuts[middle] <= position { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? nil : low - 1
  }

  /// Where an element of the tensor is: the block, the element within it, and how many follow each
  /// other in both.
  func place(of element: Int) -> (block: Int, element: Int, run: Int) {
    let index = shape.index(ofElement: element)
    var (number, inner) = (0, 0)
    let pieces = index.indices.map { axis -> Range<Int> in
      let cuts = cuts[axis]
      let piece = BlockGrid.piece(of: index[axis], in: cuts) ?? 0
      number = number * (cuts.count - 1) + piece
      inner = inner * (cuts[piece + 1] - cuts[piece]) + index[axis] - cuts[piece]
      return cuts[piece]..<cuts[piece + 1]
    }
    return (order[number], inner, run(from: index, within: pieces))
  }

  /// How many elements from a position on follow each other in the tensor and in its block: all
  /// slices that are left along the innermost axis that is cut.
  private func run(from index: [Int], within pieces: [Range<Int>]) -> Int {
    var (run, slice, offset) = (1, 1, 0)
    for axis in index.indices.reversed() {
      run = (pieces[axis].upperBound - index[axis]) * slice - offset
      guard pieces[axis].count == shape.dimensions[axis] else { break }
      offset += index[axis] * slice
      slice *= shape.dimensions[axis]
    }
    return run
  }
}
