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

/// Numbers in memory that begins with a cache line, so that no loop over them begins otherwise
/// from one run to the next.
final class DoubleBuffer {
  let start: UnsafeMutablePointer<Double>
  let count: Int

  /// Takes memory for `count` numbers, zeros at first.
  init(count: Int) {
    self.count = max(count, 1)
    start = UnsafeMutableRawPointer.allocate(
      byteCount: self.count * MemoryLayout<Double>.stride, alignment: 64
    ).bindMemory(to: Double.self, capacity: self.count)
    clear()
  }

  deinit { UnsafeMutableRawPointer(start).deallocate() }

  /// Sets all to zero.
  func clear() { start.initialize(repeating: 0, count: count) }
}
