import Checkpoints
import Tensors

/// What makes the vectors of a group's units comparable: the mean over the units of a block, which
/// is subtracted from each feature, and the norm of what is left, by which each unit's vector in
/// each view is divided.
///
/// Both are the same whatever the units' labels are, so a test of labels stays exact. With V views, vectors
/// are divided by √V besides, so that a unit's vectors in all views have norm 1 together. Units
/// whose vector is zero, as pruned ones, stay zero.
struct UnitScaling: Sendable {
  /// For each view, for each of its slabs: the mean of a feature in a block, at
  /// block · features + feature.
  let means: [[[Float]]]
  /// For each view and unit, one over the norm; 0 for a zero vector.
  let factors: [[Float]]

  /// Lines that a thread takes at once.
  static let linesAtOnce = 64

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
          "holds NaN or infinite weights, so its units cannot be compared")
      }
      let views = Double(group.views.count)
      means.append(measures.map(\.means))
      factors.append(squares.map { $0 > 0 ? Float(1 / ($0 * views).squareRoot()) : 0 })
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
    let units = Array(reader.slab.positions.indices)
    if reader.hasUnitLines {
      means =
        isCentred
        ? try SlabMeasure.meansOverLines(reader, units, blockCount, threads)
        : Array(repeating: 0, count: blockCount * reader.slab.featureExtent)
      squares = try SlabMeasure.squaresOfLines(reader, units, means, blockCount, threads)
    } else {
      (means, squares) = try SlabMeasure.acrossLines(
        reader, units, blockCount, isCentred: isCentred, threads)
    }
  }

  /// Rows are units: sums over the rows of a block.
  private static func meansOverLines(
    _ reader: SlabReader, _ units: [Int], _ blockCount: Int, _ threads: Int
  ) throws -> [Float] {
    let (width, length) = (reader.slab.featureExtent, units.count / blockCount)
    let sums = try concurrentMap(blockCount, threads: threads) { block in
      var sums = [Double](repeating: 0, count: width)
      var line = [Float](repeating: 0, count: width)
      for unit in block * length..<(block + 1) * length {
        try line.withUnsafeMutableBufferPointer { target in
          try reader.read(line: unit, units: units, features: 0..<width, into: target)
        }
        for feature in 0..<width { sums[feature] += Double(line[feature]) }
      }
      return sums
    }
    return sums.flatMap { $0.map { Float($0 / Double(length)) } }
  }

  private static func squaresOfLines(
    _ reader: SlabReader, _ units: [Int], _ means: [Float], _ blockCount: Int, _ threads: Int
  ) throws -> [Double] {
    let (width, length) = (reader.slab.featureExtent, units.count / blockCount)
    let step = UnitScaling.linesAtOnce
    return try concurrentMap((units.count + step - 1) / step, threads: threads) { part in
      var line = [Float](repeating: 0, count: width)
      return try (part * step..<min((part + 1) * step, units.count)).map { unit in
        try line.withUnsafeMutableBufferPointer { target in
          try reader.read(line: unit, units: units, features: 0..<width, into: target)
        }
        let first = unit / length * width
        return (0..<width).reduce(0.0) { sum, feature in
          let deviation = Double(line[feature] - means[first + feature])
          return sum + deviation * deviation
        }
      }
    }.flatMap { $0 }
  }

  /// Columns are units: each row has its own means.
  private static func acrossLines(
    _ reader: SlabReader, _ units: [Int], _ blockCount: Int, isCentred: Bool, _ threads: Int
  ) throws -> (means: [Float], squares: [Double]) {
    let (width, length) = (reader.slab.featureExtent, units.count / blockCount)
    let features = reader.slab.features.flatMap { Array($0) }
    let step = UnitScaling.linesAtOnce * 16
    let parts = try concurrentMap((features.count + step - 1) / step, threads: threads) { part in
      var line = [Float](repeating: 0, count: units.count)
      var squares = [Double](repeating: 0, count: units.count)
      var means: [[Float]] = []
      for feature in features[part * step..<min((part + 1) * step, features.count)] {
        try line.withUnsafeMutableBufferPointer { target in
          try reader.read(line: feature, units: units, features: 0..<width, into: target)
        }
        means.append(
          addSquares(of: line, blockLength: length, isCentred: isCentred, to: &squares))
      }
      return (means: means, squares: squares)
    }
    var means = [Float](repeating: 0, count: blockCount * width)
    for (feature, row) in zip(features, parts.flatMap(\.means)) {
      for (block, mean) in row.enumerated() { means[block * width + feature] = mean }
    }
    let squares = parts.reduce(into: [Double](repeating: 0, count: units.count)) { sum, part in
      for unit in sum.indices { sum[unit] += part.squares[unit] }
    }
    return (means, squares)
  }

  /// The mean of each block of a line, or 0; adds each unit's square about it.
  private static func addSquares(
    of line: [Float], blockLength: Int, isCentred: Bool, to squares: inout [Double]
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
