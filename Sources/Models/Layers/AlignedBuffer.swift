import Glibc

/// Memory for numbers, on cache lines of 64 bytes, of which huge pages are asked for.
///
/// - Note: Unsynchronized: threads share one only to read it or to write separate parts.
public final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  /// The number of elements.
  public let count: Int
  /// The first element; valid as long as the buffer is.
  public let pointer: UnsafeMutablePointer<Element>

  /// Allocates zeros.
  ///
  /// - Parameter count: the number of elements; may be 0.
  public init(count: Int) {
    precondition(count >= 0)
    self.count = count
    let byteCount = max(count * MemoryLayout<Element>.stride, 1)
    let isLarge = byteCount >= hugePage
    let bytes = UnsafeMutableRawPointer.allocate(
      byteCount: byteCount, alignment: isLarge ? hugePage : cacheLine)
    if isLarge { madvise(bytes, byteCount, MADV_HUGEPAGE) }
    memset(bytes, 0, byteCount)
    pointer = bytes.bindMemory(to: Element.self, capacity: max(count, 1))
  }

  deinit { UnsafeMutableRawPointer(pointer).deallocate() }
}

private let cacheLine = 64
private let hugePage = 1 << 21
