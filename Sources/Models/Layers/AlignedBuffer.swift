import Glibc

/// Memory for numbers, on cache lines of 64 bytes, of which huge pages are asked for.
///
/// Pages are taken when they are first written to.
///
/// - Note: Unsynchronized: threads share one only to read it or to write separate parts.
public final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  /// The number of elements.
  public let count: Int
  /// The first element; valid as long as the buffer is.
  public let pointer: UnsafeMutablePointer<Element>

  private let bytes: UnsafeMutableRawBufferPointer

  /// Allocates zeros.
  ///
  /// - Parameter count: the number of elements; may be 0.
  /// - Precondition: the system has as much address space.
  public init(count: Int) {
    precondition(count >= 0)
    self.count = count
    bytes = zeroedPages(max(count * MemoryLayout<Element>.stride, 1))
    guard let start = bytes.baseAddress else { preconditionFailure("no memory was mapped") }
    pointer = start.bindMemory(to: Element.self, capacity: max(count, 1))
  }

  /// Copies the first elements.
  func first(_ count: Int) -> [Element] {
    precondition(count <= self.count)
    return Array(UnsafeBufferPointer(start: pointer, count: count))
  }

  deinit { munmap(bytes.baseAddress, bytes.count) }
}

extension AlignedBuffer<Float> {
  /// Moves some rows to the front.
  ///
  /// - Parameters:
  ///   - rows: ascending.
  ///   - width: elements of a row.
  func keep(_ rows: [Int], width: Int) {
    for (target, row) in rows.enumerated() where target != row {
      (pointer + target * width).update(from: pointer + row * width, count: width)
    }
  }

  /// Moves the first rows to where ``keep(_:width:)`` took them from; the others become 0.
  ///
  /// - Parameters:
  ///   - places: of the first rows, ascending.
  ///   - width: elements of a row.
  ///   - rows: all rows.
  func spread(_ places: [Int], width: Int, rows: Int) {
    var end = rows
    for (row, place) in places.enumerated().reversed() {
      if row != place {
        (pointer + place * width).update(from: pointer + row * width, count: width)
      }
      (pointer + (place + 1) * width).update(repeating: 0, count: (end - place - 1) * width)
      end = place
    }
    pointer.update(repeating: 0, count: end * width)
  }
}

/// Pages of zeros, huge ones where the system has them and they would be filled.
private func zeroedPages(_ byteCount: Int) -> UnsafeMutableRawBufferPointer {
  let start = mmap(
    nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | Int32(MAP_ANONYMOUS), -1, 0)
  guard let start, start != MAP_FAILED else {
    preconditionFailure("no room for \(byteCount) bytes")
  }
  if byteCount >= hugePage { madvise(start, byteCount, MADV_HUGEPAGE) }
  return UnsafeMutableRawBufferPointer(start: start, count: byteCount)
}

private let hugePage = 1 << 21
