import Glibc
import Threads

/// Gathers ranks and sums from the products of a group, region by region.
///
/// Cells of fixed extent are summed in binary64; their sums are added in fixed point, where the
/// order does not matter. So the bits do not depend on how the products were cut into regions or
/// shared by threads, and memory grows with the units, not with their products.
struct UnitTally {
  private let rows: [Int]
  private let blockCount: Int
  private let blockLength: Int
  private let tolerance: Float
  private let threads: Int
  /// For each labeling and block, the label of each unit.
  private let labelings: [[[Int32]]]
  private var diagonal: [Float]
  private(set) var ranks: [Int]
  private var rowSums: [FixedPoint]
  private var rowSquares: [FixedPoint]
  private var columnSums: [FixedPoint]
  private var shuffled: [FixedPoint]

  /// - Parameters:
  ///   - product: what will be tallied.
  ///   - rows: the units of A within a block that take part, ascending.
  ///   - labelings: for each, for each block, a permutation of its units.
  init(_ product: SimilarityProduct, rows: [Int], labelings: [[[Int32]]]) {
    let group = product.a.group
    (self.rows, self.labelings) = (rows, labelings)
    (blockCount, blockLength) = (group.blockCount, group.blockLength)
    threads = product.resources.threads
    // Likenesses closer than the rounding of their sums are ties.
    let features = group.views.reduce(0) { $0 + $1.featureCount }
    tolerance = 0x1p-22 * Float(features).squareRoot()
    let rowCount = rows.count * group.blockCount
    (diagonal, ranks) = (Array(repeating: 0, count: rowCount), Array(repeating: 0, count: rowCount))
    rowSums = Array(repeating: FixedPoint(), count: rowCount)
    rowSquares = rowSums
    columnSums = Array(repeating: FixedPoint(), count: group.unitCount)
    shuffled = Array(repeating: FixedPoint(), count: labelings.count)
  }

  /// Takes in a region; those on the diagonal have to come before others of their rows.
  mutating func add(_ region: SimilarityRegion, _ product: UnsafeBufferPointer<Float>) throws {
    guard !region.rows.isEmpty else { return }
    noteDiagonal(region, product)
    let places = cellPlaces(of: region)
    let (diagonal, reach) = (diagonal, product.count)
    nonisolated(unsafe) let start = product.baseAddress
    let found = try concurrentMap(places.count, threads: threads) { [self] index in
      let product = UnsafeBufferPointer(start: start, count: reach)
      return cell(places[index], region, product, diagonal)
    }
    for (place, cell) in zip(places, found) { add(cell, at: place) }
  }

  private mutating func add(_ cell: CellTally, at place: CellTally.Place) {
    let firstRow = place.block * rows.count + position(of: place.down * CellTally.extent)
    for (index, row) in cell.rows.enumerated() {
      ranks[firstRow + index] += row.rank
      rowSums[firstRow + index].add(row.sum)
      rowSquares[firstRow + index].add(row.squares)
    }
    let firstColumn = place.block * blockLength + place.across * CellTally.extent
    for (index, sum) in cell.columnSums.enumerated() { columnSums[firstColumn + index].add(sum) }
    for (index, sum) in cell.shuffled.enumerated() { shuffled[index].add(sum) }
  }

  private mutating func noteDiagonal(
    _ region: SimilarityRegion, _ product: UnsafeBufferPointer<Float>
  ) {
    for (block, number) in region.blocks.enumerated() {
      for (index, unit) in region.rows.enumerated() where region.columns.contains(unit) {
        let place = block * region.blockSize + index * region.columns.count
        diagonal[number * rows.count + position(of: unit)] =
          product[place + unit - region.columns.lowerBound]
      }
    }
  }

  /// Where a unit is among the rows, or the first that follows it.
  private func position(of unit: Int) -> Int {
    guard rows.count < blockLength else { return unit }
    var (low, high) = (0, rows.count)
    while low < high {
      let middle = (low + high) / 2
      if rows[middle] < unit { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private func cellPlaces(of region: SimilarityRegion) -> [CellTally.Place] {
    let extent = CellTally.extent
    let down = Set(region.rows.map { $0 / extent }).sorted()
    let across = stride(from: region.columns.lowerBound, to: region.columns.upperBound, by: extent)
      .map { $0 / extent }
    return region.blocks.flatMap { block in
      down.flatMap { row in across.map { .init(block: block, down: row, across: $0) } }
    }
  }

  private func cell(
    _ place: CellTally.Place, _ region: SimilarityRegion,
    _ product: UnsafeBufferPointer<Float>, _ diagonal: [Float]
  ) -> CellTally {
    let (extent, width) = (CellTally.extent, region.columns.count)
    let first = place.across * extent
    let columns = first..<min(first + extent, region.columns.upperBound)
    let start =
      (place.block - region.blocks.lowerBound) * region.blockSize
      - region.columns.lowerBound
    var tally = CellTally(columnCount: columns.count, labelings: labelings.count)
    for (index, unit) in region.rows.enumerated() where unit / extent == place.down {
      let offset = start + index * width
      let row = UnsafeBufferPointer(
        rebasing: product[offset + columns.lowerBound..<offset + columns.upperBound])
      let own = diagonal[place.block * rows.count + position(of: unit)]
      tally.addRow(row, threshold: own - tolerance, own: columns.contains(unit) ? 1 : 0)
      for (number, labels) in labelings.enumerated() {
        let label = Int(labels[place.block][unit])
        if columns.contains(label) {
          tally.shuffled[number].add(Double(row[label - columns.lowerBound]))
        }
      }
    }
    return tally
  }
}

extension UnitTally {
  /// The trace and its moments.
  func trace() -> TraceStatistic {
    var trace = TraceStatistic()
    for block in 0..<blockCount {
      let own = block * rows.count..<(block + 1) * rows.count
      trace.addBlock(
        diagonal: diagonal[own].map { Double($0) }, rowSums: rowSums[own].map(\.value),
        columnSums: columnSums[block * blockLength..<(block + 1) * blockLength].map(\.value),
        squares: rowSquares[own].reduce(0) { $0 + $1.value })
    }
    return trace
  }

  /// ln((1 + #{labelings whose sum is at least that of the labels as they are}) / (1 + labelings)).
  func logMonteCarlo() -> Double {
    var own = FixedPoint()
    for likeness in diagonal { own.add(Double(likeness)) }
    let asLarge = shuffled.count { $0 >= own }
    return log(Double(1 + asLarge) / Double(1 + labelings.count))
  }
}

/// A sum of multiples of 2^-40, exact and so the same in any order, up to 2^23 in magnitude.
///
/// Likenesses are at most 1 and are summed over fewer units than that. A labeling's likenesses are
/// rounded one by one, so that labelings that pick equal ones tie.
struct FixedPoint: Comparable, Sendable {
  private var steps: Int64 = 0
  private static let scale = 0x1p40

  var value: Double { Double(steps) / FixedPoint.scale }

  /// Adds a number, rounded to a multiple of 2^-40.
  mutating func add(_ number: Double) {
    steps &+= Int64((number.clamped * FixedPoint.scale).rounded())
  }

  /// Adds another sum.
  mutating func add(_ other: FixedPoint) { steps &+= other.steps }

  static func < (left: FixedPoint, right: FixedPoint) -> Bool { left.steps < right.steps }
}

extension Double {
  /// The number itself within the range of fixed point; 0 for NaN.
  fileprivate var clamped: Double { isNaN ? 0 : Swift.min(Swift.max(self, -0x1p22), 0x1p22) }
}

/// Sums over a square of products.
struct CellTally: Sendable {
  /// Which square: block, and rows and columns in units of ``extent``.
  struct Place: Hashable, Sendable {
    let block: Int
    let down: Int
    let across: Int
  }

  /// Units along each side.
  static let extent = 256

  private(set) var rows: [(rank: Int, sum: Double, squares: Double)] = []
  private(set) var columnSums: [Double]
  var shuffled: [FixedPoint]

  init(columnCount: Int, labelings: Int) {
    columnSums = Array(repeating: 0, count: columnCount)
    shuffled = Array(repeating: FixedPoint(), count: labelings)
  }

  /// Adds a row.
  ///
  /// - Parameters:
  ///   - row: likenesses of a unit of A with each column's unit of B.
  ///   - threshold: likenesses not below it count for the rank.
  ///   - own: 1 if the unit's own label is among the columns, which does not count, else 0.
  mutating func addRow(_ row: UnsafeBufferPointer<Float>, threshold: Float, own: Int) {
    var (reached, sum, squareSum) = (0, 0.0, 0.0)
    columnSums.withUnsafeMutableBufferPointer { columnSums in
      for (index, value) in row.enumerated() {
        let wide = Double(value)
        reached += value >= threshold ? 1 : 0
        sum += wide
        squareSum += wide * wide
        columnSums[index] += wide
      }
    }
    rows.append((reached - own, sum, squareSum))
  }
}
