import Glibc

/// A real matrix with at least as many rows as columns that is read in panels of rows, and so
/// need not be held in memory.
public protocol TallMatrix {
  /// The number of rows, at least ``columnCount``.
  var rowCount: Int { get }
  /// The number of columns; may be 0.
  var columnCount: Int { get }

  /// Reads some rows.
  ///
  /// - Parameters:
  ///   - rows: within 0..<rowCount.
  ///   - panel: takes [rows.count, columnCount], row-major; every element is overwritten.
  /// - Throws: what reading may throw, as of a file that has shrunk.
  func read(_ rows: Range<Int>, into panel: UnsafeMutablePointer<Double>) throws
}

extension TallMatrix {
  /// Rows of a panel. They depend on the shape alone, so that no sum's order depends on the
  /// memory granted.
  var panelLength: Int { spectralPanelLength(rows: rowCount, columns: columnCount) }

  /// Reads all rows in order, a panel at a time.
  ///
  /// - Parameter body: takes a panel, [rows.count, columnCount] row-major, valid until it returns,
  ///   and the number of its rows.
  /// - Throws: what reading throws.
  func forEachPanel(_ body: (UnsafeMutablePointer<Double>, _ rows: Int) throws -> Void) throws {
    let panel = DoubleBuffer(count: panelLength * columnCount)
    for first in stride(from: 0, to: rowCount, by: panelLength) {
      let rows = first..<min(first + panelLength, rowCount)
      try read(rows, into: panel.start)
      try body(panel.start, rows.count)
    }
  }
}

/// Rows of a panel: a million elements, but at least 256 rows, with which products are fast.
///
/// - Parameters:
///   - rows: of the matrix.
///   - columns: of the matrix.
/// - Returns: at least 1.
func spectralPanelLength(rows: Int, columns: Int) -> Int {
  max(1, min(rows, max(256, (1 << 20) / max(columns, 1))))
}

/// Numbers in memory of their own, which goes back to the system as soon as they are done with: what
/// `malloc` gave stays with the thread that asked for it, and a few matrices of a few threads would
/// exceed what was granted.
///
/// The memory begins with a page, so that no loop over it begins otherwise from one run to the next.
/// The system is asked for large pages, which it sets up faster than many small ones.
final class DoubleBuffer {
  let start: UnsafeMutablePointer<Double>
  let count: Int
  private let byteCount: Int

  /// Takes memory for `count` numbers, zeros at first.
  init(count: Int) {
    self.count = max(count, 1)
    byteCount = self.count * MemoryLayout<Double>.stride
    let memory = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let memory, memory != MAP_FAILED else {
      preconditionFailure("the system has no \(byteCount) bytes of memory left")
    }
    madvise(memory, byteCount, MADV_HUGEPAGE)
    start = memory.bindMemory(to: Double.self, capacity: self.count)
  }

  deinit { munmap(start, byteCount) }

  /// Sets all to zero.
  func clear() { start.update(repeating: 0, count: count) }
}
