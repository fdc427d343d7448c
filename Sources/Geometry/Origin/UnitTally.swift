import Glibc

/// Gathers ranks and sums from the products of a group, region by region.
///
/// Everything is summed over cells of fixed extent and folded in the order of the cells, so the
/// bits do not depend on how the products were cut into regions or shared by threads.
struct UnitTally {
  private let rows: [Int]
  private let blockCount: Int
  private let blockLength: Int
  private let tolerance: Float
  private let threads: Int
  /// For each labeling and block, the label of each unit.
  private let labelings: [[[Int32]]]
  private var diagonal: [Float]
  private var cells: [CellTally.Place: CellTally] = [:]

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
    diagonal = Array(repeating: 0, count: rows.count * group.blockCount)
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
    for (place, cell) in zip(places, found) { cells[place] = cell }
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

  /// Where a unit is among the rows.
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
          tally.shuffled[number] += Double(row[label - columns.lowerBound])
        }
      }
    }
    return tally
  }
}

extension UnitTally {
  private func cells(ofBlock block: Int) -> [[CellTally]] {
    let count = (blockLength + CellTally.extent - 1) / CellTally.extent
    return (0..<count).map { down in
      (0..<count).compactMap { cells[.init(block: block, down: down, across: $0)] }
    }
  }

  /// The rank of each row, block after block.
  func ranks() -> [Int] {
    (0..<blockCount).flatMap { block in
      cells(ofBlock: block).flatMap { line -> [Int] in
        guard let first = line.first else { return [] }
        return first.ranks.indices.map { row in line.reduce(0) { $0 + $1.ranks[row] } }
      }
    }
  }

  /// The trace and its moments.
  func trace() -> TraceStatistic {
    var trace = TraceStatistic()
    for block in 0..<blockCount {
      let lines = cells(ofBlock: block).filter { !$0.isEmpty }
      let own = diagonal[block * rows.count..<(block + 1) * rows.count]
      trace.addBlock(
        diagonal: own.map { Double($0) },
        rowSums: lines.flatMap { line in
          line[0].rowSums.indices.map { row in line.reduce(0) { $0 + $1.rowSums[row] } }
        },
        columnSums: (lines.first ?? []).indices.flatMap { across in
          lines[0][across].columnSums.indices.map { column in
            lines.reduce(0) { $0 + $1[across].columnSums[column] }
          }
        },
        squares: lines.reduce(0) { sum, line in line.reduce(sum) { $0 + $1.squares } })
    }
    return trace
  }

  /// ln((1 + #{labelings whose sum is at least that of the labels as they are}) / (1 + labelings)).
  func logMonteCarlo() -> Double {
    let all = (0..<blockCount).flatMap { cells(ofBlock: $0).flatMap { $0 } }
    let own = diagonal.reduce(0.0) { $0 + Double($1) }
    let asLarge = labelings.indices.count { number in
      all.reduce(0.0) { $0 + $1.shuffled[number] } >= own
    }
    return log(Double(1 + asLarge) / Double(1 + labelings.count))
  }
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

  private(set) var ranks: [Int] = []
  private(set) var rowSums: [Double] = []
  private(set) var columnSums: [Double]
  private(set) var squares = 0.0
  var shuffled: [Double]

  init(columnCount: Int, labelings: Int) {
    columnSums = Array(repeating: 0, count: columnCount)
    shuffled = Array(repeating: 0, count: labelings)
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
    ranks.append(reached - own)
    rowSums.append(sum)
    squares += squareSum
  }
}
