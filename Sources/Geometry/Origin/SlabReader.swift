import Checkpoints
import Tensors

/// Floats that several threads fill, each its own part.
final class FloatBuffer: @unchecked Sendable {
  let start: UnsafeMutablePointer<Float>
  let count: Int

  /// Takes memory for `count` floats, zeros at first.
  init(count: Int) {
    self.count = count
    start = .allocate(capacity: max(count, 1))
    start.initialize(repeating: 0, count: max(count, 1))
  }

  deinit { start.deallocate() }

  subscript(range: Range<Int>) -> UnsafeMutableBufferPointer<Float> {
    UnsafeMutableBufferPointer(start: start + range.lowerBound, count: range.count)
  }
}

/// Some units of a slab, ascending, and where they are along its axis in runs.
struct UnitSelection: Sendable {
  let units: [Int]
  /// Positions that follow each other in the file, in the order of the units.
  let runs: [Range<Int>]

  init(_ units: [Int], of slab: UnitSlab) {
    self.units = units
    var runs: [Range<Int>] = []
    for unit in units {
      let position = slab.positions[unit]
      if let last = runs.last, last.upperBound == position {
        runs[runs.count - 1] = last.lowerBound..<position + 1
      } else {
        runs.append(position..<position + 1)
      }
    }
    self.runs = runs
  }
}

/// Reads the weights of a slab's units, line by line as they lie in the file.
///
/// A line is a unit's features if rows are units, and a feature's units if columns are. Units
/// are named by their number in the slab.
final class SlabReader: Sendable {
  let slab: UnitSlab
  private let reader: ElementReader
  private let rowLength: Int
  private let gains: [Float]?

  /// Prepares to read.
  ///
  /// - Parameters:
  ///   - slab: what to read.
  ///   - foldsGain: whether to multiply features by the gain of the normalization before them.
  /// - Throws: `CheckpointError` if the gain cannot be read.
  init(_ slab: UnitSlab, foldsGain: Bool) throws {
    self.slab = slab
    reader = ElementReader(slab.record)
    rowLength = slab.record.shape.dimensions[1]
    gains = foldsGain ? try slab.gain.map(allValues) : nil
  }

  /// Whether a line is a unit.
  var hasUnitLines: Bool { slab.unitAxis == 0 }

  /// Reads one line.
  ///
  /// - Parameters:
  ///   - line: the number of a unit, or of a feature.
  ///   - selection: which units; the line is one of them if lines are units.
  ///   - features: which features; one of them if a line is a feature.
  ///   - target: takes the features of a unit, or the units of a feature.
  /// - Throws: `CheckpointError` if the file has shrunk.
  func read(
    line: Int, selection: UnitSelection, features: Range<Int>,
    into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    guard hasUnitLines else { return try readFeature(line, selection, into: target) }
    try readRun(row: slab.positions[line], columns: features, into: target)
    guard let gains else { return }
    for (index, feature) in features.enumerated() { target[index] *= gains[feature] }
  }

  private func readFeature(
    _ feature: Int, _ selection: UnitSelection, into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    var done = 0
    for run in selection.runs {
      let part = UnsafeMutableBufferPointer(rebasing: target[done..<done + run.count])
      try readRun(row: feature, columns: run, into: part)
      done += run.count
    }
    guard let gain = gains?[feature] else { return }
    for index in target.indices { target[index] *= gain }
  }

  private func readRun(
    row: Int, columns: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    let first = row * rowLength
    try reader.readFloats(first + columns.lowerBound..<first + columns.upperBound, into: target)
  }
}

/// All values of a small tensor.
private func allValues(of record: TensorRecord) throws -> [Float] {
  var values = [Float](repeating: 0, count: record.shape.elementCount)
  try values.withUnsafeMutableBufferPointer { target in
    try ElementReader(record).readFloats(0..<target.count, into: target)
  }
  return values
}
