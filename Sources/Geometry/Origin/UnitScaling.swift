import Checkpoints
import Tensors
import Threads

/// What makes the vectors of a group's units comparable: the mean over the units of a block, which
/// is subtracted from each feature, and the norm of what is left, by which each unit's vector in
/// each view is divided.
///
/// Both are the same whatever the units' labels are, so a test of labels stays exact. With V views,
/// vectors are divided by √V besides, so that a unit's vectors in all views have norm 1 together.
/// Units whose vector is zero, or so short that one over its norm overflows, are taken as zero.
struct UnitScaling: Sendable {
  /// For each view, for each of its slabs: the mean of a feature in a block, at
  /// block · features + feature.
  let means: [[[Float]]]
  /// For each view and unit, one over the norm; 0 if that is not finite.
  let factors: [[Float]]

  /// Bytes that these take.
  var byteCount: Int {
    let counts = (means.joined().map(\.count) + factors.map(\.count))
    return counts.reduce(0, +) * MemoryLayout<Float>.size
  }

  /// Lines that a thread takes at once.
  static let linesAtOnce = 64
  /// Parts whose sums are held at once.
  fileprivate static let mostParts = 64

  /// Measures the units of a group.
  ///
  /// - Parameters:
  ///   - group: the units.
  ///   - foldsGain: whether to multiply features by the gain of the normalization before them.
  ///   - isCentred: whether to subtract means; if not, they are taken as 0.
  ///   - threads: how many work at once.
  /// - Throws: `CheckpointError` naming the tensor if a weight is NaN or infinite.
  /// - Complexity: two passes over the group's weights.
  init(
    _ group: UnitGroup, foldsGain: Bool, isCentred: Bool = true, threads: Int
  ) throws {
    var (means, factors) = ([[[Float]]](), [[Float]]())
    for view in group.views {
      let measures = try view.slabs.map { slab in
        try SlabMeasure(
          SlabReader(slab, foldsGain: foldsGain), blockCount: group.blockCount,
          isCentred: isCentred, threads: threads)
      }
      let squares = (0..<group.unitCount).map { unit in
        measures.reduce(0.0) { $0 + $1.squares[unit] }
      }
      guard squares.allSatisfy(\.isFinite) else {
        throw CheckpointError(
          .malformed, in: view.slabs[0].record.file.path, tensor: view.slabs[0].record.name,
          "holds weights that are NaN, infinite or beyond binary32, so its units cannot be compared"
        )
      }
      let views = Double(group.views.count)
      means.append(measures.map(\.means))
      factors.append(
        squares.map { square in
          let factor = Float(1 / (square * views).squareRoot())
          return factor.isFinite ? factor : 0
        })
    }
    (self.means, self.factors) = (means, factors)
  }
}

/// The means of a slab's features over the units of each block, and the squares about them of
/// each unit.
private struct SlabMeasure {
  let means: [Float]
  let squares: [Double]

  init(_ reader: SlabReader, blockCount: Int, isCentred: Bool, threads: Int) throws {
    let selection = UnitSelection(Array(reader.slab.positions.indices), of: reader.slab)
    let lines = SlabLines(
      reader: reader, selection: selection, blockLength: selection.units.count / blockCount,
      isCentred: isCentred, threads: threads)
    if reader.hasUnitLines {
      means = try lines.meansOverUnits()
      squares = try lines.squaresOfUnits(about: means)
    } else {
      (means, squares) = try lines.meansAndSquaresOfFeatures()
    }
  }
}

/// Passes over the lines of a slab.
private struct SlabLines: Sendable {
  let reader: SlabReader
  let selection: UnitSelection
  let blockLength: Int
  /// Whether means are subtracted; if not, they are 0.
  let isCentred: Bool
  let threads: Int

  private var width: Int { reader.slab.featureExtent }
  private var unitCount: Int { selection.units.count }

  /// Rows are units: the mean of each feature over the rows of a block.
  func meansOverUnits() throws -> [Float] {
    guard isCentred else { return Array(repeating: 0, count: unitCount / blockLength * width) }
    let step = min(blockLength, linesAtOnce(of: blockLength))
    let parts = (blockLength + step - 1) / step
    let sums = try concurrentMap(unitCount / blockLength * parts, threads: threads) { part in
      let block = part / parts * blockLength
      let first = block + part % parts * step
      var sums = [Double](repeating: 0, count: width)
      try forEachLine(first..<min(first + step, block + blockLength), width) { _, line in
        for feature in 0..<width { sums[feature] += Double(line[feature]) }
      }
      return sums
    }
    return stride(from: 0, to: sums.count, by: parts).flatMap { block in
      (0..<width).map { feature in
        let sum = sums[block..<block + parts].reduce(0) { $0 + $1[feature] }
        return Float(sum / Double(blockLength))
      }
    }
  }

  /// Rows are units: the square of each about the means.
  func squaresOfUnits(about means: [Float]) throws -> [Double] {
    let step = UnitScaling.linesAtOnce
    return try concurrentMap((unitCount + step - 1) / step, threads: threads) { part in
      var squares: [Double] = []
      try forEachLine(part * step..<min((part + 1) * step, unitCount), width) { unit, line in
        let first = unit / blockLength * width
        squares.append(
          (0..<width).reduce(0.0) { sum, feature in
            let deviation = Double(line[feature] - means[first + feature])
            return sum + deviation * deviation
          })
      }
      return squares
    }.flatMap { $0 }
  }

  /// Columns are units: each row has its own means.
  func meansAndSquaresOfFeatures() throws -> (means: [Float], squares: [Double]) {
    let features = reader.slab.features.flatMap { Array($0) }
    let step = linesAtOnce(of: features.count)
    let parts = (features.count + step - 1) / step
    let found = try concurrentMap(parts, threads: threads) { part in
      var (means, squares) = ([[Float]](), [Double](repeating: 0, count: unitCount))
      let numbers = features[part * step..<min((part + 1) * step, features.count)]
      try forEachLine(numbers, unitCount) { _, line in
        means.append(addSquares(of: line, to: &squares))
      }
      return (means: means, squares: squares)
    }
    var means = [Float](repeating: 0, count: unitCount / blockLength * width)
    for (feature, row) in zip(features, found.flatMap(\.means)) {
      for (block, mean) in row.enumerated() { means[block * width + feature] = mean }
    }
    let squares = found.reduce(into: [Double](repeating: 0, count: unitCount)) { sum, part in
      for unit in sum.indices { sum[unit] += part.squares[unit] }
    }
    return (means, squares)
  }

  /// Lines that are summed together: more where there are many, since each part's sums stay in
  /// memory until all are there.
  private func linesAtOnce(of count: Int) -> Int {
    max(UnitScaling.linesAtOnce, (count + UnitScaling.mostParts - 1) / UnitScaling.mostParts)
  }

  private func forEachLine(
    _ numbers: some Sequence<Int>, _ length: Int,
    _ body: (Int, UnsafeMutableBufferPointer<Float>) throws -> Void
  ) throws {
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: length) { line in
      for number in numbers {
        try reader.read(line: number, selection: selection, features: 0..<width, into: line)
        try body(number, line)
      }
    }
  }

  /// The mean of each block of a line; adds each unit's square about it.
  private func addSquares(
    of line: UnsafeMutableBufferPointer<Float>, to squares: inout [Double]
  ) -> [Float] {
    stride(from: 0, to: line.count, by: blockLength).map { first in
      let block = first..<first + blockLength
      let sum = isCentred ? block.reduce(0.0) { $0 + Double(line[$1]) } : 0
      let mean = Float(sum / Double(blockLength))
      for unit in block {
        let deviation = Double(line[unit] - mean)
        squares[unit] += deviation * deviation
      }
      return mean
    }
  }
}
