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

/// Reads the weights of a slab's units, line by line as they lie in the file.
///
/// A line is a unit's features if rows are units, and a feature's units if columns are. Units
/// are named by their number in the slab.
struct SlabReader: Sendable {
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
  ///   - units: which units, ascending; one of them if a line is a unit.
  ///   - features: which features; one of them if a line is a feature.
  ///   - target: takes the features of a unit, or the units of a feature.
  /// - Throws: `CheckpointError` if the file has shrunk.
  func read(
    line: Int, units: [Int], features: Range<Int>, into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    guard hasUnitLines else { return try readFeature(line, units: units, into: target) }
    try readRun(row: slab.positions[line], columns: features, into: target)
    guard let gains else { return }
    for (index, feature) in features.enumerated() { target[index] *= gains[feature] }
  }

  private func readFeature(
    _ feature: Int, units: [Int], into target: UnsafeMutableBufferPointer<Float>
  ) throws {
    var done = 0
    while done < units.count {
      let first = slab.positions[units[done]]
      var length = 1
      while done + length < units.count, slab.positions[units[done + length]] == first + length {
        length += 1
      }
      let part = UnsafeMutableBufferPointer(rebasing: target[done..<done + length])
      try readRun(row: feature, columns: first..<first + length, into: part)
      done += length
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
