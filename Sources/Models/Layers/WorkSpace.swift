/// Memory that the layers of one thread compute in.
///
/// It grows when a layer needs more than any before it did, and is kept until the owner goes.
///
/// - Note: One thread at a time.
public final class WorkSpace {
  private var buffer = AlignedBuffer<UInt64>(count: 0)

  /// Creates an empty one.
  public init() {}

  /// Room for bytes of any content, on a cache line.
  ///
  /// - Parameter byteCount: the bytes needed.
  /// - Returns: the first of them, valid until the next call.
  func bytes(_ byteCount: Int) -> UnsafeMutableRawPointer {
    if byteCount > buffer.count * 8 { buffer = AlignedBuffer(count: (byteCount + 7) / 8) }
    return UnsafeMutableRawPointer(buffer.pointer)
  }
}
