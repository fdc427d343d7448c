import Tensors

/// The binary32 elements that quantized blocks of a GGUF file stand for.
final class BlockElements: EncodedElements {
  let byteCount: Int

  private let format: BlockFormat
  private let name: TensorName
  private let file: InputFile
  private let stored: Range<Int>
  private let pieces: DecodedPieces

  /// Blocks that are read at a time.
  private static let batch = 256

  /// Creates the elements of one tensor.
  ///
  /// - Parameters:
  ///   - name: the tensor.
  ///   - format: of its blocks.
  ///   - file: the file that holds them.
  ///   - stored: where in the file they are; whole blocks.
  ///   - pieces: what all tensors of the file share.
  init(
    name: TensorName, format: BlockFormat, file: InputFile, stored: Range<Int>,
    pieces: DecodedPieces
  ) {
    (self.name, self.format, self.file) = (name, format, file)
    (self.stored, self.pieces) = (stored, pieces)
    byteCount = stored.count / format.byteCount * format.elementCount * MemoryLayout<Float>.size
  }

  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws {
    let blockLength = format.elementCount * MemoryLayout<Float>.size
    let blocks = range.lowerBound / blockLength..<(range.upperBound + blockLength - 1) / blockLength
    for first in stride(from: blocks.lowerBound, to: blocks.upperBound, by: BlockElements.batch) {
      let batch = first..<min(first + BlockElements.batch, blocks.upperBound)
      let bytes =
        stored.lowerBound + batch.lowerBound * format.byteCount..<stored.lowerBound + batch
        .upperBound * format.byteCount
      try withUnsafeTemporaryAllocation(byteCount: bytes.count, alignment: 16) { scratch in
        let source = try file.bytes(bytes, scratch: scratch)
        decode(source, from: batch.lowerBound * blockLength, into: target, range)
      }
    }
  }

  /// Decodes blocks and copies what lies in a range.
  private func decode(
    _ source: UnsafeRawBufferPointer, from start: Int, into target: UnsafeMutableRawBufferPointer,
    _ range: Range<Int>
  ) {
    withUnsafeTemporaryAllocation(of: Float.self, capacity: format.elementCount) { numbers in
      let decoded = UnsafeRawBufferPointer(numbers)
      for block in 0..<source.count / format.byteCount {
        let bytes = source[block * format.byteCount..<(block + 1) * format.byteCount]
        format.decode(UnsafeRawBufferPointer(rebasing: bytes), into: numbers)
        let first = start + block * decoded.count
        let part = (first..<first + decoded.count).clamped(to: range)
        UnsafeMutableRawBufferPointer(rebasing: target[(part.lowerBound - range.lowerBound)...])
          .copyMemory(
            from: UnsafeRawBufferPointer(
              rebasing: decoded[part.lowerBound - first..<part.upperBound - first]))
      }
    }
  }

  func whole() throws -> [UInt8] {
    guard byteCount <= DecodedPieces.wholeLimit else {
      throw CheckpointError(
        .unsupported, in: file.path, tensor: name,
        "\(byteCount) bytes of quantized elements are too many to be transposed")
    }
    return try pieces.whole(of: self)
  }
}
