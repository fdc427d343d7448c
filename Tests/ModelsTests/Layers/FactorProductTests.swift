import CLayers
import Testing

@testable import Models

/// Around lanes, tiles, panels, blocks and parts: rows, columns, inner.
private let shapes = [
  (1, 1, 1), (2, 33, 5), (13, 31, 17), (16, 32, 16), (40, 65, 33), (193, 34, 20), (7, 801, 9),
  (5, 12, 1537),
]

/// A factor [rows, columns] of normal numbers in memory of its own.
private struct Material {
  let memory: AlignedBuffer<Float>
  let factor: Factor
  /// Row-major, as the formula has it, rounded to the precision.
  let plain: [Double]

  init(
    _ rows: Int, _ columns: Int, isTransposed: Bool = false, precision: Precision, seed: Int
  ) {
    let stored = normals(rows * columns, seed: seed)
    let rounded = stored.map { Double($0.rounded(to: precision)) }
    memory = AlignedBuffer(count: stored.count)
    for (index, value) in stored.enumerated() { memory.pointer[index] = value }
    factor = Factor(
      elements: memory.pointer, stride: isTransposed ? rows : columns, isTransposed: isTransposed)
    plain =
      isTransposed
      ? rounded.indices.map { rounded[$0 % columns * rows + $0 / columns] } : rounded
  }
}

@Suite struct FactorProductTests {
  @Test(
    "Products are those of the formula for rounded factors, transposed or not, for any tiles",
    arguments: instructionSets, Precision.allCases)
  func formula(set: Int, precision: Precision) {
    let loops = layer_loops.available[set][precision]
    for (rows, columns, inner) in shapes {
      for (isLeft, isRight) in [(false, false), (true, false), (false, true), (true, true)] {
        let a = Material(rows, inner, isTransposed: isLeft, precision: precision, seed: 1)
        let b = Material(inner, columns, isTransposed: isRight, precision: precision, seed: 2)
        let expected = PlainLayers.multiply(
          a.plain, by: b.plain, bias: Array(repeating: 0, count: columns))
        var bits: [[UInt32]] = []
        for (width, height) in [(columns, rows), (32, 12), (64, 192)] {
          var c = Array(repeating: Float.nan, count: rows * columns)
          for row in stride(from: 0, to: rows, by: height) {
            for column in stride(from: 0, to: columns, by: width) {
              let tile = Tile(
                rows: row..<min(row + height, rows),
                columns: column..<min(column + width, columns))
              loops.multiply(
                a.factor, b.factor,
                tile: tile, inner: inner, adding: false, into: &c, stride: columns,
                scratch: WorkSpace())
            }
          }
          // Products of normal numbers are some units, and every addition rounds.
          #expect(farthest(c, expected) < Double(inner + 8) * 2e-6)
          bits.append(c.bits)
        }
        #expect(bits.allSatisfy { $0 == bits[0] })
      }
    }
  }

  @Test("Adding begins with what is there", arguments: instructionSets, Precision.allCases)
  func adding(set: Int, precision: Precision) {
    let a = Material(14, 9, precision: precision, seed: 1)
    let b = Material(9, 35, precision: precision, seed: 2)
    var c = normals(14 * 35, seed: 3)
    let product = PlainLayers.multiply(
      a.plain, by: b.plain, bias: Array(repeating: 0, count: 35))
    let expected = zip(c.doubles, product).map { $0 + $1 }
    layer_loops.available[set][precision].multiply(
      a.factor, b.factor,
      tile: Tile(rows: 0..<14, columns: 0..<35), inner: 9, adding: true, into: &c, stride: 35,
      scratch: WorkSpace())
    #expect(farthest(c, expected) < 2e-5)
  }

  @Test(
    "Numbers that are not finite reach their row and column alone",
    arguments: instructionSets, Precision.allCases)
  func nonfinite(set: Int, precision: Precision) {
    let a = Material(5, 3, precision: precision, seed: 1)
    let b = Material(3, 40, precision: precision, seed: 2)
    a.memory.pointer[3 * 2 + 1] = .nan
    b.memory.pointer[40 + 7] = .infinity
    var c = Array(repeating: Float(0), count: 5 * 40)
    layer_loops.available[set][precision].multiply(
      a.factor, b.factor, tile: Tile(rows: 0..<5, columns: 0..<40), inner: 3, adding: false,
      into: &c, stride: 40, scratch: WorkSpace())
    for (index, value) in c.enumerated() {
      let (row, column) = (index / 40, index % 40)
      #expect(value.isNaN == (row == 2), "\(row) \(column)")
      #expect(value.isInfinite == (row != 2 && column == 7), "\(row) \(column)")
    }
  }
}

@Suite struct TrainingLoopTests {
  @Test("The slopes of activations are those of the formula", arguments: instructionSets)
  func slopes(set: Int) {
    let loops = layer_loops.available[set]
    let x = (0...4000).map { Float($0 - 2000) / 160 } + [-1e4, 1e4]
    for (kind, backward) in [
      (Activation.tanh, loops.gelu_tanh_backward), (.erf, loops.gelu_erf_backward),
      (.relu, loops.relu_backward),
    ] {
      var dy = x.map { _ in Float(2) }
      backward(x, &dy, x.count)
      for (x, dy) in zip(x, dy) {
        let expected = 2 * LayerDerivatives.slope(of: kind, at: Double(x))
        // A few roundings of numbers up to 2, some of which take part in a difference.
        #expect(abs(Double(dy) - expected) < 3e-6, "\(kind) at \(x)")
      }
    }
  }

  @Test("Dropout leaves the share that it should, the same for any pieces and instruction set")
  func dropout() {
    let x = Array(repeating: Float(1), count: 100_000)
    var all: [[Float]] = []
    for loops in layer_loops.available {
      for piece in [x.count, 64, 77] {
        var y = x
        var rule = self.rule
        y.withUnsafeMutableBufferPointer { y in
          for first in stride(from: 0, to: x.count, by: piece) {
            guard let start = y.baseAddress else { return }
            loops.drop(start + first, first, min(piece, x.count - first), &rule)
          }
        }
        all.append(y)
      }
    }
    #expect(all.allSatisfy { $0 == all[0] })
    #expect(Set(all[0]) == [0, 1.25])
    let kept = all[0].reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
    // Five standard deviations of a binomial number.
    #expect(abs(kept - 80_000) < 632)
  }

  private var rule: dropout {
    CLayers.dropout(seed: (1, 2), site: 3, threshold: UInt32(0.2 * 0x1p32), step: 5, scale: 1.25)
  }

  @Test("AdamW steps are those of the formula", arguments: instructionSets)
  func descent(set: Int) {
    let count = 37
    var (weights, m, v) = (
      normals(count, seed: 1), normals(count, seed: 2), normals(count, seed: 3)
    )
    for index in v.indices { v[index] *= v[index] }
    let (gradient, before) = (normals(count, seed: 4), (weights, m, v))
    var rule = CLayers.descent(
      gradient_scale: 0.5, beta1: 0.9, beta2: 0.99, step_size: 0.02, root_correction: 2,
      epsilon: 1e-3, decay: 0.95)
    layer_loops.available[set].descend(&weights, gradient, &m, &v, count, &rule)
    for index in 0..<count {
      let g = 0.5 * Double(gradient[index])
      let first = 0.9 * Double(before.1[index]) + 0.1 * g
      let second = 0.99 * Double(before.2[index]) + 0.01 * g * g
      let step = 0.02 * first / (2 * second.squareRoot() + 1e-3)
      #expect(abs(Double(m[index]) - first) < 1e-6)
      #expect(abs(Double(v[index]) - second) < 1e-6)
      #expect(abs(Double(weights[index]) - (0.95 * Double(before.0[index]) - step)) < 1e-6)
    }
  }
}
