import Tensors

/// Fetches elements of one tensor in row-major order, in this machine's byte order.
public struct ElementReader: Sendable {
  /// The tensor it reads.
  public let record: TensorRecord
  private let isContiguous: Bool
  private let isSwapped: Bool

  /// Creates a reader.
  ///
  /// - Parameter record: the tensor to read.
  public init(_ record: TensorRecord) {
    self.record = record
    isContiguous = record.isContiguous
    isSwapped = record.byteOrder == .big && record.dtype.byteCount > 1
  }

  /// Bytes of scratch memory that a read of `count` elements may need.
  public func scratchByteCount(elements count: Int) -> Int {
    isContiguous && !isSwapped && record.file.isMapped && record.encoded == nil
      ? 0 : count * record.dtype.byteCount
  }

  /// The bytes of a range of elements, counted in row-major order.
  ///
  /// Contiguous elements of a mapped file are not copied. The memory need not be aligned.
  ///
  /// - Parameters:
  ///   - range: element positions within the tensor.
  ///   - scratch: at least ``scratchByteCount(elements:)`` bytes.
  /// - Returns: memory that is valid while the file lives and `scratch` is not written to.
  /// - Throws: ``CheckpointError`` if the file has shrunk.
  public func bytes(
    of range: Range<Int>, scratch: UnsafeMutableRawBufferPointer
  ) throws -> UnsafeRawBufferPointer {
    guard isContiguous else { return try gather(range, into: scratch) }
    let bytes = try contiguousBytes(of: range, scratch: scratch)
    return isSwapped ? swap(bytes, into: scratch) : bytes
  }

  private func contiguousBytes(
    of range: Range<Int>, scratch: UnsafeMutableRawBufferPointer
  ) throws -> UnsafeRawBufferPointer {
    let width = record.dtype.byteCount
    let (first, end) = (range.lowerBound * width, range.upperBound * width)
    guard let encoded = record.encoded else {
      return try record.file.bytes(record.offset + first..<record.offset + end, scratch: scratch)
    }
    let target = UnsafeMutableRawBufferPointer(rebasing: scratch[..<(end - first)])
    try encoded.read(first..<end, into: target)
    return UnsafeRawBufferPointer(target)
  }

  /// Copies the elements of a strided view, one run along the innermost extent at a time.
  private func gather(
    _ range: Range<Int>, into scratch: UnsafeMutableRawBufferPointer
  ) throws -> UnsafeRawBufferPointer {
    let width = record.dtype.byteCount
    let step = record.strides.last ?? 1
    let whole = try step == 1 ? nil : record.encoded?.whole()
    var element = range.lowerBound
    while element < range.upperBound {
      let count = min(record.runLength(from: element), range.upperBound - element)
      let first = base + sourceElement(of: element) * width
      let span = first..<first + ((count - 1) * step + 1) * width
      let target = UnsafeMutableRawBufferPointer(
        rebasing: scratch[(element - range.lowerBound) * width..<scratch.count])
      if let whole {
        whole.withUnsafeBytes { bytes in
          let source = UnsafeRawBufferPointer(rebasing: bytes[span])
          copyElements(from: source, step: step, count: count, to: target)
        }
      } else {
        try copyRun(span, count: count, step: step, to: target)
      }
      element += count
    }
    let filled = UnsafeMutableRawBufferPointer(rebasing: scratch[..<(range.count * width)])
    return isSwapped ? swap(UnsafeRawBufferPointer(filled), into: scratch) : .init(filled)
  }

  /// Where offsets within the elements count from.
  private var base: Int { record.encoded == nil ? record.offset : 0 }

  private func copyRun(
    _ span: Range<Int>, count: Int, step: Int, to target: UnsafeMutableRawBufferPointer
  ) throws {
    let width = record.dtype.byteCount
    if let encoded = record.encoded {
      return try encoded.read(
        span, into: UnsafeMutableRawBufferPointer(rebasing: target[..<span.count]))
    }
    guard let source = record.file.mappedBytes(span) else {
      for index in 0..<count {
        let first = span.lowerBound + index * step * width
        let place = UnsafeMutableRawBufferPointer(rebasing: target[(index * width)...])
        _ = try record.file.bytes(first..<first + width, scratch: place)
      }
      return
    }
    copyElements(from: source, step: step, count: count, to: target)
  }

  private func copyElements(
    from source: UnsafeRawBufferPointer, step: Int, count: Int,
    to target: UnsafeMutableRawBufferPointer
  ) {
    switch record.dtype.byteCount {
    case 1: copyElements(UInt8.self, from: source, step: step, count: count, to: target)
    case 2: copyElements(UInt16.self, from: source, step: step, count: count, to: target)
    case 4: copyElements(UInt32.self, from: source, step: step, count: count, to: target)
    default: copyElements(UInt64.self, from: source, step: step, count: count, to: target)
    }
  }

  private func copyElements<Bits: FixedWidthInteger>(
    _ type: Bits.Type, from source: UnsafeRawBufferPointer, step: Int, count: Int,
    to target: UnsafeMutableRawBufferPointer
  ) {
    let width = MemoryLayout<Bits>.size
    for index in 0..<count {
      let bits = source.loadUnaligned(fromByteOffset: index * step * width, as: type)
      target.storeBytes(of: bits, toByteOffset: index * width, as: type)
    }
  }

  private func sourceElement(of element: Int) -> Int {
    record.storageElement(at: record.shape.index(ofElement: element))
  }

  private func swap(
    _ source: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer
  ) -> UnsafeRawBufferPointer {
    let width = record.dtype.byteCount
    for first in stride(from: 0, to: source.count, by: width) {
      for byte in 0..<width / 2 {
        let (low, high) = (source[first + byte], source[first + width - 1 - byte])
        target[first + byte] = high
        target[first + width - 1 - byte] = low
      }
    }
    return UnsafeRawBufferPointer(rebasing: target[..<source.count])
  }
}

extension ElementReader {
  /// Reads a range of elements as binary32; see ``Tensors/DType/decode(_:into:)``.
  ///
  /// - Parameters:
  ///   - range: element positions within the tensor, in row-major order.
  ///   - target: takes them; as long as the range.
  /// - Throws: ``CheckpointError`` if the file has shrunk.
  public func readFloats(
    _ range: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    let (byteCount, dtype) = (scratchByteCount(elements: range.count), record.dtype)
    // Most reads copy nothing, and a closure would copy this reader for each.
    guard byteCount > 0 else {
      let none = UnsafeMutableRawBufferPointer(start: nil, count: 0)
      return dtype.decode(try bytes(of: range, scratch: none), into: target)
    }
    try withUnsafeTemporaryAllocation(byteCount: byteCount, alignment: 16) { scratch in
      dtype.decode(try bytes(of: range, scratch: scratch), into: target)
    }
  }
}
