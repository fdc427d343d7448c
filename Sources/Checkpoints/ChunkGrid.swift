import HDF5
import Tensors

/// How the chunks of an array cover it, row-major.
struct ChunkGrid {
  let shape: Shape
  /// Of one chunk.
  let chunk: Shape
  /// Chunks along each extent.
  let counts: [Int]
  let chunks: [WeightFile.Chunk]

  /// Lays out chunks, or is `nil` if they are not as many as the array needs.
  init?(shape: Shape, extents: [Int], chunks: [WeightFile.Chunk]) {
    guard extents.count == shape.rank, !extents.isEmpty, extents.allSatisfy({ $0 > 0 }),
      let chunk = Shape(extents)
    else { return nil }
    let counts = zip(shape.dimensions, extents).map { $0 / $1 + ($0 % $1 > 0 ? 1 : 0) }
    guard let grid = Shape(counts), grid.elementCount == chunks.count else { return nil }
    (self.shape, self.chunk, self.counts, self.chunks) = (shape, chunk, counts, chunks)
  }

  /// Chunks that lie beside each other along all extents but the outermost: whoever reads in order
  /// meets them again and again before the next.
  var layerCount: Int { counts.dropFirst().reduce(1, *) }

  /// Where an element is: the chunk, the place within it, and how many follow it in both.
  func place(of element: Int) -> (chunk: Int, place: Int, run: Int) {
    let index = shape.index(ofElement: element)
    var (number, place) = (0, 0)
    for axis in index.indices {
      let extent = chunk.dimensions[axis]
      number = number * counts[axis] + index[axis] / extent
      place = place * extent + index[axis] % extent
    }
    let last = index.count - 1
    let inChunk = chunk.dimensions[last] - index[last] % chunk.dimensions[last]
    return (number, place, min(inChunk, shape.dimensions[last] - index[last]))
  }

  /// Calls a function with each row of a chunk: the first element of it in the array, the place
  /// within the chunk, and how many elements of the array it has.
  func forEachRow(ofChunk number: Int, _ body: (Int, Int, Int) -> Void) {
    var (rest, origin) = (number, counts)
    for axis in counts.indices.reversed() {
      origin[axis] = rest % counts[axis] * chunk.dimensions[axis]
      rest /= counts[axis]
    }
    let own = zip(zip(shape.dimensions, origin), chunk.dimensions).map { min($0.0 - $0.1, $1) }
    let strides = (array: shape.rowMajorStrides, chunk: chunk.rowMajorStrides)
    let last = own.count - 1
    for row in 0..<own.dropLast().reduce(1, *) {
      var (rest, element, place) = (row, origin[last], 0)
      for axis in own.indices.dropLast().reversed() {
        element += (origin[axis] + rest % own[axis]) * strides.array[axis]
        place += rest % own[axis] * strides.chunk[axis]
        rest /= own[axis]
      }
      body(element, place, own[last])
    }
  }
}
