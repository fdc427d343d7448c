import Checkpoints

/// The elements of a tensor in row-major order, lowest byte first.
///
/// - Parameters:
///   - record: the tensor.
///   - block: how many elements to read at a time.
/// - Returns: the bytes.
/// - Throws: what the reader throws.
public func elementBytes(_ record: TensorRecord, block: Int = 1009) throws -> [UInt8] {
  let reader = ElementReader(record)
  let scratch = UnsafeMutableRawBufferPointer.allocate(
    byteCount: reader.scratchByteCount(elements: block), alignment: 8)
  defer { scratch.deallocate() }
  var bytes: [UInt8] = []
  for start in stride(from: 0, to: record.shape.elementCount, by: block) {
    let end = min(start + block, record.shape.elementCount)
    bytes += try reader.bytes(of: start..<end, scratch: scratch)
  }
  return bytes
}

/// The SHA-256 of a tensor's elements, as of ``elementBytes(_:block:)``.
///
/// - Parameter record: the tensor.
/// - Returns: 64 hexadecimal digits.
/// - Throws: what the reader throws.
public func elementDigest(_ record: TensorRecord) throws -> String {
  ContentDigest(ofBytes: try elementBytes(record)).description
}
