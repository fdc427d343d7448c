import CLayers
import Threads

/// Part of a result that one thread computes.
struct Tile {
  let rows: Range<Int>
  let columns: Range<Int>
}

/// A factor of a product: a matrix in memory, or the transpose of one.
struct Factor {
  let elements: UnsafePointer<Float>
  /// Elements from one row in memory to the next.
  let stride: Int
  var isTransposed = false

  /// The same elements as the transposed factor.
  var transposed: Factor {
    Factor(elements: elements, stride: stride, isTransposed: !isTransposed)
  }

  /// The factor without its first rows and columns.
  func dropping(rows: Int, columns: Int) -> product_factor {
    let offset = isTransposed ? columns * stride + rows : rows * stride + columns
    return product_factor(elements: elements + offset, stride: stride, is_transposed: isTransposed)
  }
}

/// Threads that compute layers together, each with memory of its own, and the precision of their products.
///
/// How work is shared out changes no bit of the results: sums run within one thread, in an order that
/// depends on nothing else.
final class LayerTeam {
  /// What one thread computes in.
  struct Worker {
    /// For products.
    let scratch = WorkSpace()
    /// For what products take and leave.
    let values = WorkSpace()
  }

  private let team: ThreadTeam
  private let products: product_loops
  private let workers: [Worker]

  /// Rows that a thread takes at a time where rows are computed one by one.
  static let rowsAtOnce = 32

  /// Starts threads.
  ///
  /// - Parameters:
  ///   - threads: how many, at least 1.
  ///   - precision: what factors of products are rounded to.
  init(threads: Int, precision: Precision = .float32) {
    products = layer_loops.best[precision]
    team = ThreadTeam(threads: threads)
    workers = (0..<team.count).map { _ in Worker() }
  }

  /// Runs `body` for every index, on all threads.
  func forEach(_ count: Int, _ body: (_ index: Int, _ worker: Worker) -> Void) {
    team.forEach(count) { thread, index in body(index, workers[thread]) }
  }

  /// Runs `body` for pieces of a range whose lengths are given, but that of the last.
  func forEachPiece(of count: Int, length: Int, _ body: (_ piece: Range<Int>) -> Void) {
    team.forEach((count + length - 1) / length) { _, index in
      body(index * length..<min((index + 1) * length, count))
    }
  }

  /// c = a b, or c = c + a b, at the team's precision.
  ///
  /// - Parameters:
  ///   - a: [rows, inner].
  ///   - b: [inner, columns].
  ///   - rows: of c.
  ///   - columns: of c, as many as from one of its rows to the next.
  ///   - inner: the terms of a sum, at least 1.
  ///   - adding: whether to add to c.
  ///   - c: [rows, columns].
  ///   - before: prepares a tile of c before it is added to.
  ///   - after: takes a tile that is done.
  func multiply(
    _ a: Factor, _ b: Factor, rows: Int, columns: Int, inner: Int, adding: Bool,
    into c: UnsafeMutablePointer<Float>, before: (Tile) -> Void = { _ in },
    after: (Tile) -> Void = { _ in }
  ) {
    let tiles = tiles(rows: rows, columns: columns)
    forEach(tiles.count) { index, worker in
      let tile = tiles[index]
      before(tile)
      products.multiply(
        a, b, tile: tile, inner: inner, adding: adding, into: c, stride: columns,
        scratch: worker.scratch)
      after(tile)
    }
  }

  /// Adds the sums of columns over rows, in the order of the rows.
  ///
  /// - Parameters:
  ///   - x: [rows, columns].
  ///   - rows: may be 0.
  ///   - sums: [columns]; added to.
  func addRows(of x: UnsafePointer<Float>, rows: Int, to sums: UnsafeMutableBufferPointer<Float>) {
    guard let first = sums.baseAddress else { return }
    forEachPiece(of: sums.count, length: 128) { piece in
      layer_loops.best.add_rows(
        x + piece.lowerBound, rows, sums.count, piece.count, first + piece.lowerBound)
    }
  }

  /// As many tiles as threads, of about the same size: parts of the longer side.
  private func tiles(rows: Int, columns: Int) -> [Tile] {
    let isWide = columns >= rows
    let (extent, unit) = isWide ? (columns, LayerTeam.panel) : (rows, LayerTeam.tileRows)
    let units = (extent + unit - 1) / unit
    let edges = (0...workers.count).map { min($0 * units / workers.count * unit, extent) }
    return zip(edges, edges.dropFirst()).filter { $0 < $1 }.map { first, end in
      isWide
        ? Tile(rows: 0..<rows, columns: first..<end)
        : Tile(rows: first..<end, columns: 0..<columns)
    }
  }

  /// Columns of a panel, and rows that are a multiple of those of any tile, so that no part of a
  /// product does more work than it must.
  private static let panel = 32
  private static let tileRows = 12
}

extension product_loops {
  /// A tile of c = a b, or of c = c + a b, on the calling thread.
  func multiply(
    _ a: Factor, _ b: Factor, tile: Tile, inner: Int, adding: Bool,
    into c: UnsafeMutablePointer<Float>, stride: Int, scratch: WorkSpace
  ) {
    precondition(inner > 0)
    product(
      a.dropping(rows: tile.rows.lowerBound, columns: 0),
      b.dropping(rows: 0, columns: tile.columns.lowerBound),
      tile.rows.count, tile.columns.count, inner, adding,
      c + tile.rows.lowerBound * stride + tile.columns.lowerBound, stride,
      scratch.bytes(factor_scratch()))
  }
}
