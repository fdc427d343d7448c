import Tensors

/// The elements of a tensor that is stored in blocks, each a tensor by itself.
///
/// A read takes from each block the elements that follow each other there.
final class AssembledElements: EncodedElements {
  let byteCount: Int

  private let name: TensorName
  private let grid: BlockGrid
  private let blocks: [ElementReader]
  private let width: Int
  private let pieces: DecodedPieces

  /// Creates the elements of one tensor.
  ///
  /// - Parameters:
  ///   - name: the tensor.
  ///   - shape: the tensor's.
  ///   - grid: how the blocks cover it.
  ///   - blocks: in the order that the grid knows, all of one type.
  ///   - pieces: what all tensors of the checkpoint share.
  /// - Precondition: there is a block, and the blocks have the shapes of the grid.
  init(
    name: TensorName, shape: Shape, grid: BlockGrid, blocks: [TensorRecord], pieces: DecodedPieces
  ) {
    (self.name, self.grid, self.pieces) = (name, grid, pieces)
    self.blocks = blocks.map(ElementReader.init)
    width = blocks[0].dtype.byteCount
    byteCount = shape.elementCount * width
  }

  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws {
    var element = range.lowerBound / width
    let end = range.upperBound / width
    while element < end {
      let place = grid.place(of: element)
      let count = min(place.run, end - element)
      let part = UnsafeMutableRawBufferPointer(
        rebasing: target[(element * width - range.lowerBound)...].prefix(count * width))
      let bytes = try blocks[place.block].bytes(
        of: place.element..<place.element + count, scratch: part)
      // In place already, unless the file is mapped.
      if bytes.baseAddress != UnsafeRawPointer(part.baseAddress) { part.copyMemory(from: bytes) }
      element += count
    }
  }

  func whole() throws -> [UInt8] {
    guard byteCount <= DecodedPieces.wholeLimit else {
      throw CheckpointError(
        .unsupported, in: blocks[0].record.file.path, tensor: name,
        "\(byteCount) bytes in blocks are too many to be transposed")
    }
    return try pieces.whole(of: self)
  }
}
