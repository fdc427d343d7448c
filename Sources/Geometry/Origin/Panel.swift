import LinearAlgebra
import Threads

/// Some features of some units in memory, as rows or as columns.
struct Panel: Sendable {
  let buffer: FloatBuffer
  let hasUnitRows: Bool
  let unitCount: Int
  let featureCount: Int
  /// Where the first of the features is within a unit's row; 0 if units are columns.
  let firstFeature: Int
  /// Floats from one row to the next.
  let rowStride: Int

  init(hasUnitRows: Bool, unitCount: Int, featureCount: Int) {
    buffer = FloatBuffer(count: unitCount * featureCount)
    (self.hasUnitRows, self.unitCount, self.featureCount) = (hasUnitRows, unitCount, featureCount)
    (firstFeature, rowStride) = (0, hasUnitRows ? featureCount : unitCount)
  }

  private init(_ whole: Panel, features: Range<Int>) {
    (buffer, hasUnitRows, unitCount) = (whole.buffer, true, whole.unitCount)
    (firstFeature, featureCount, rowStride) = (
      features.lowerBound, features.count, whole.rowStride
    )
  }

  /// The part of a panel with units as rows that holds some of its features.
  func panel(_ features: Range<Int>) -> Panel { Panel(self, features: features) }

  var lineCount: Int { hasUnitRows ? unitCount : featureCount }

  func line(_ index: Int) -> UnsafeMutableBufferPointer<Float> {
    buffer[index * rowStride..<(index + 1) * rowStride]
  }

  /// The panel from a unit on, as a factor of a product.
  func operand(unit: Int, isTransposed: Bool) -> MatrixOperand {
    MatrixOperand(
      buffer.start + (hasUnitRows ? unit * rowStride + firstFeature : unit), rowStride: rowStride,
      isTransposed: isTransposed)
  }
}

/// Where the scaled features of a slab's units come from.
struct PanelSource: Sendable {
  let reader: SlabReader
  private let means: [Float]?
  private let factors: [Float]?
  private let blockLength: Int
  private let rotation: Matrix?

  init(_ side: ScaledGroup, _ slab: UnitSlab, view: Int, slab index: Int, rotation: Matrix?) throws
  {
    reader = try SlabReader(slab, foldsGain: side.foldsGain)
    means = side.scaling?.means[view][index]
    factors = side.scaling?.factors[view]
    blockLength = side.group.blockLength
    self.rotation = rotation
  }

  /// The scaled features of some units.
  ///
  /// - Throws: `CheckpointError` if the file has shrunk.
  func panel(_ units: [Int], _ features: Range<Int>, threads: Int) throws -> Panel {
    let panel = Panel(
      hasUnitRows: reader.hasUnitLines, unitCount: units.count, featureCount: features.count)
    let selection = UnitSelection(units, of: reader.slab)
    let step = UnitScaling.linesAtOnce
    _ = try concurrentMap((panel.lineCount + step - 1) / step, threads: threads) { part in
      for index in part * step..<min((part + 1) * step, panel.lineCount) {
        let line = panel.line(index)
        let number = reader.hasUnitLines ? units[index] : features.lowerBound + index
        try reader.read(line: number, selection: selection, features: features, into: line)
        if reader.hasUnitLines {
          scale(line, ofUnit: number, features)
        } else {
          scale(line, ofFeature: number, units)
        }
      }
    }
    return panel
  }

  private func scale(
    _ line: UnsafeMutableBufferPointer<Float>, ofUnit unit: Int, _ features: Range<Int>
  ) {
    guard let means, let factors else { return }
    let (factor, first) = (
      factors[unit], unit / blockLength * reader.slab.featureExtent + features.lowerBound
    )
    means.withUnsafeBufferPointer { means in
      for index in line.indices { line[index] = (line[index] - means[first + index]) * factor }
    }
  }

  private func scale(
    _ line: UnsafeMutableBufferPointer<Float>, ofFeature feature: Int, _ units: [Int]
  ) {
    guard let means, let factors else { return }
    let width = reader.slab.featureExtent
    var index = 0
    while index < line.count {
      let block = units[index] / blockLength
      let (mean, end) = (means[block * width + feature], (block + 1) * blockLength)
      while index < line.count, units[index] < end {
        line[index] = (line[index] - mean) * factors[units[index]]
        index += 1
      }
    }
  }

  /// All features of some units times the rotation, or `nil` without one.
  ///
  /// - Parameters:
  ///   - units: which units.
  ///   - tiles: positions among them, multiplied together.
  ///   - threads: how many work at once.
  /// - Returns: a panel with units as rows.
  /// - Throws: `CheckpointError` if the file has shrunk.
  func rotated(_ units: [Int], tiles: [Range<Int>], threads: Int) throws -> Panel? {
    guard let rotation else { return nil }
    let width = rotation.rows
    let plain = try panel(units, 0..<width, threads: threads)
    let result = Panel(hasUnitRows: true, unitCount: units.count, featureCount: width)
    _ = try concurrentMap(tiles.count, threads: threads) { part in
      let tile = tiles[part]
      rotation.elements.withUnsafeBufferPointer { factor in
        guard let start = factor.baseAddress else { return }
        multiply(
          rows: tile.count, columns: width, inner: width,
          plain.operand(unit: tile.lowerBound, isTransposed: !plain.hasUnitRows),
          MatrixOperand(start, rowStride: width),
          into: result.buffer.start + tile.lowerBound * width, rowStride: width,
          accumulating: false)
      }
    }
    return result
  }
}
