/// Memory that the layers of one thread compute in.
///
/// It grows when a layer needs more than any before it did, and is kept until its owner goes.
///
/// - Note: One thread at a time.
public final class WorkSpace {
  private var buffer = AlignedBuffer<UInt8>(count: 0)

  /// Creates an empty one.
  public init() {}

  /// Room for bytes of any content, on a cache line.
  ///
  /// - Parameter byteCount: the bytes needed.
  /// - Returns: the first of them, valid until the next call.
  func bytes(_ byteCount: Int) -> UnsafeMutableRawPointer {
    if byteCount > buffer.count { buffer = AlignedBuffer(count: byteCount) }
    return UnsafeMutableRawPointer(buffer.pointer)
  }
}
