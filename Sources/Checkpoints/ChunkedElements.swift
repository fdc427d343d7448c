import CZlib
import HDF5
import Tensors

/// The elements of an array that HDF5 stores in chunks, each put through filters.
///
/// Chunks are decoded as they are needed, and the last 32 MiB of them kept. Where chunks are so
/// large that reading in order would decode them again and again, or another order is asked for,
/// the array is decoded as a whole. Checksums are not verified.
///
/// Source: "HDF5 File Format Specification Version 3.0", IV.A.2.l; the filters' C sources in
/// libhdf5, `H5Zdeflate.c`, `H5Zshuffle.c` and `H5Zfletcher32.c`.
final class ChunkedElements: EncodedElements {
  let byteCount: Int

  private let file: InputFile
  private let name: TensorName
  private let grid: ChunkGrid
  private let width: Int
  private let filters: [WeightFile.Filter]
  private let pieces: DecodedPieces
  private var chunkByteCount: Int { grid.chunk.elementCount * width }

  private static let checksumByteCount = 4

  /// Creates the elements of one array, and checks what is said of its chunks.
  ///
  /// - Parameters:
  ///   - name: the array.
  ///   - file: the file that holds the chunks.
  ///   - shape: the array's.
  ///   - elementByteCount: bytes of one element.
  ///   - chunks: how they cover it; `nil` if they do not.
  ///   - filters: in the order they were applied.
  ///   - pieces: what all arrays of the file share.
  /// - Throws: ``CheckpointError`` if chunks lie outside the file, or cannot hold their elements.
  init(
    name: TensorName, file: InputFile, shape: Shape, elementByteCount: Int, chunks: ChunkGrid?,
    filters: [WeightFile.Filter], pieces: DecodedPieces
  ) throws {
    guard let grid = chunks else {
      throw CheckpointError(
        .malformed, in: file.path, tensor: name, "its chunks do not cover its shape \(shape)")
    }
    (self.name, self.file, self.grid, self.filters) = (name, file, grid, filters)
    (self.pieces, width, byteCount) = (
      pieces, elementByteCount, shape.elementCount * elementByteCount
    )
    try requireRoom()
  }

  private func requireRoom() throws {
    guard grid.chunk.elementCount * width <= DecodedPieces.pieceBudget else {
      throw CheckpointError(
        .unsupported, in: file.path, tensor: name,
        "its chunks have \(chunkByteCount) bytes each, more than the \(DecodedPieces.pieceBudget) "
          + "that are read")
    }
    let ratio = filters.contains(.deflate) ? InflateStream.largestRatio : 1
    for chunk in grid.chunks {
      guard chunk.offset >= 0, chunk.byteCount >= 0,
        chunk.byteCount <= chunkByteCount + chunkByteCount / 8 + 1024,
        chunk.offset <= file.byteCount - chunk.byteCount
      else {
        throw malformed("a chunk of \(chunk.byteCount) bytes is too large or outside the file")
      }
      guard chunkByteCount / ratio <= chunk.byteCount else {
        throw malformed("\(chunk.byteCount) bytes cannot hold a chunk of \(chunkByteCount)")
      }
    }
  }

  func read(_ range: Range<Int>, into target: UnsafeMutableRawBufferPointer) throws {
    guard grid.layerCount * chunkByteCount <= DecodedPieces.pieceBudget else {
      return try whole().withUnsafeBytes {
        target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[range]))
      }
    }
    var (held, bytes) = (-1, [UInt8]())
    var element = range.lowerBound / width
    let end = range.upperBound / width
    while element < end {
      let (number, place, run) = grid.place(of: element)
      let count = min(run, end - element)
      if number != held { (held, bytes) = (number, try chunk(number)) }
      UnsafeMutableRawBufferPointer(rebasing: target[(element * width - range.lowerBound)...])
        .copyBytes(from: bytes[place * width..<(place + count) * width])
      element += count
    }
  }

  func whole() throws -> [UInt8] {
    guard byteCount <= DecodedPieces.wholeLimit else {
      throw CheckpointError(
        .unsupported, in: file.path, tensor: name,
        "\(byteCount) bytes in chunks are too many to be read in another order")
    }
    return try pieces.withLock { held in
      if let bytes = held.bytes(key(nil)) { return bytes }
      let bytes = try assembled()
      held.insert(bytes, for: key(nil))
      return bytes
    }
  }

  /// All elements; each chunk is decoded once.
  private func assembled() throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: byteCount)
    for number in grid.chunks.indices {
      let chunk = try decoded(grid.chunks[number])
      grid.forEachRow(ofChunk: number) { element, place, count in
        bytes.replaceSubrange(
          element * width..<(element + count) * width,
          with: chunk[place * width..<(place + count) * width])
      }
    }
    return bytes
  }

  private func chunk(_ number: Int) throws -> [UInt8] {
    try pieces.withLock { held in
      if let bytes = held.bytes(key(number)) { return bytes }
      let bytes = try decoded(grid.chunks[number])
      held.insert(bytes, for: key(number))
      return bytes
    }
  }

  private func key(_ piece: Int?) -> DecodedPieces.Key {
    .init(owner: ObjectIdentifier(self), piece: piece)
  }

  private func malformed(_ detail: String) -> CheckpointError {
    CheckpointError(.malformed, in: file.path, tensor: name, detail)
  }
}

// MARK: Filters

extension ChunkedElements {
  /// A chunk with its filters undone, the last first.
  private func decoded(_ chunk: WeightFile.Chunk) throws -> [UInt8] {
    var bytes = try file.copy(chunk.offset..<chunk.offset + chunk.byteCount)
    let applied = filters.indices.filter { chunk.skippedFilters >> UInt32($0) & 1 == 0 }
    for position in applied.reversed() {
      switch filters[position] {
      case .checksum: bytes = bytes.dropLast(ChunkedElements.checksumByteCount)
      case .deflate:
        let checksums = applied.count { $0 < position && filters[$0] == .checksum }
        bytes = try inflated(
          bytes, count: chunkByteCount + checksums * ChunkedElements.checksumByteCount)
      case .shuffle: bytes = unshuffled(bytes)
      }
    }
    guard bytes.count == chunkByteCount else {
      throw malformed("a chunk has \(bytes.count) bytes, not \(chunkByteCount)")
    }
    return bytes
  }

  private func inflated(_ bytes: [UInt8], count: Int) throws -> [UInt8] {
    let content = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      var length = UInt(count)
      let status = uncompress(buffer.baseAddress, &length, bytes, UInt(bytes.count))
      filled = status == Z_OK ? Int(length) : 0
    }
    guard content.count == count else { throw malformed("a compressed chunk is damaged") }
    return content
  }

  private func unshuffled(_ bytes: [UInt8]) -> [UInt8] {
    let count = bytes.count / width
    var result = bytes
    for byte in 0..<width {
      for element in 0..<count { result[element * width + byte] = bytes[byte * count + element] }
    }
    return result
  }
}
