import CLayers
import Testing

@testable import Models

/// Around steps, panels, tiles and blocks: positions, outputs, inputs.
private let shapes = [
  (1, 1, 1), (2, 3, 2), (3, 31, 5), (4, 32, 16), (5, 33, 17), (6, 64, 33), (7, 65, 100),
  (12, 3, 768), (13, 40, 769), (14, 20, 1537), (25, 769, 8), (193, 34, 9),
]

/// What binary32 sums may be off by: every addition rounds the sum so far, which is at most the
/// sum of magnitudes, and a product may round besides.
private func tolerance(_ x: [Double], _ weights: [Double], inputs: Int) -> Double {
  let largest = x.reduce(0) { max($0, abs($1)) } * weights.reduce(0) { max($0, abs($1)) }
  return Double(2 * inputs + 4) * 0x1p-24 * (Double(inputs) * largest + 8)
}

@Suite struct ProductTests {
  @Test("Products are those of the formula", arguments: instructionSets, Precision.allCases)
  func formula(set: Int, precision: Precision) {
    for (index, (positions, outputs, inputs)) in shapes.enumerated() {
      let x = normals(positions * inputs, seed: index)
      let w = PackedMatrix.ofInputs(
        normals(inputs * outputs, seed: 1), inputs: inputs, outputs: outputs, precision: precision)
      let bias = normals(outputs, seed: 2)
      let held = PackedMatrix.ofInputs(x, inputs: x.count, outputs: 1, precision: precision).weights
      let expected = PlainLayers.multiply(held, by: w.weights, bias: bias.doubles)
      let found = layer_loops.available[set].product(x, by: w, bias: bias)
      #expect(farthest(found, expected) < tolerance(held, w.weights, inputs: inputs))
    }
  }

  @Test(
    "A position has the same bits alone, in a group and in the whole", arguments: instructionSets,
    Precision.allCases)
  func grouping(set: Int, precision: Precision) {
    let loops = layer_loops.available[set]
    for (positions, outputs, inputs) in [(29, 70, 40), (200, 33, 1601)] {
      let x = normals(positions * inputs, seed: 1)
      let w = PackedMatrix.ofInputs(
        normals(inputs * outputs, seed: 2), inputs: inputs, outputs: outputs, precision: precision)
      let whole = loops.product(x, by: w).bits
      for group in [1, 2, 3, 5, 7, 11, 12, 13, 100] {
        #expect(loops.product(x, by: w, group: group).bits == whole)
      }
    }
  }

  @Test("Adding adds the product to what is there", arguments: instructionSets)
  func adding(set: Int) {
    let loops = layer_loops.available[set]
    let (x, y, bias) = (normals(5 * 9, seed: 1), normals(5 * 35, seed: 2), normals(35, seed: 3))
    let w = PackedMatrix.ofInputs(normals(9 * 35, seed: 4), inputs: 9, outputs: 35)
    let product = loops.product(x, by: w, bias: bias)
    #expect(loops.product(x, by: w, bias: bias, adding: y) == zip(y, product).map { $0 + $1 })
  }

  @Test("No positions and no bias are fine", arguments: instructionSets)
  func empty(set: Int) {
    let w = PackedMatrix.ofInputs([2, 3], inputs: 1, outputs: 2)
    let loops = layer_loops.available[set]
    #expect(loops.product([5], by: w) == [10, 15])
    var untouched: [Float] = [1]
    loops.multiply(
      [], positions: 0, by: w, bias: nil, adding: false, into: &untouched, scratch: WorkSpace())
    #expect(untouched == [1])
  }

  @Test("NaN and infinities stay in their position", arguments: instructionSets, Precision.allCases)
  func notFinite(set: Int, precision: Precision) {
    let w = PackedMatrix.ofInputs([1, 1, 1, 1], inputs: 2, outputs: 2, precision: precision)
    let y = layer_loops.available[set].product([1, 2, .nan, 0, .infinity, 1, 3, 4], by: w)
    #expect(y[0...1] == [3, 3] && y[6...7] == [7, 7])
    #expect(y[2].isNaN && y[3].isNaN && y[4] == .infinity && y[5] == .infinity)
  }
}

@Suite struct PackedMatrixTests {
  @Test("Rows and columns pack to the same matrix", arguments: Precision.allCases)
  func rowsAndColumns(precision: Precision) {
    let (inputs, outputs) = (21, 45)
    let rows = normals(inputs * outputs, seed: 1)
    let columns = (0..<outputs * inputs).map { rows[$0 % inputs * outputs + $0 / inputs] }
    let ofRows = PackedMatrix.ofInputs(rows, inputs: inputs, outputs: outputs, precision: precision)
    let ofColumns = PackedMatrix(inputs: inputs, outputs: outputs, precision: precision)
    columns.withUnsafeBufferPointer { columns in
      for range in [0..<1, 1..<40, 40..<45] {
        let part = range.lowerBound * inputs..<range.upperBound * inputs
        ofColumns.setOutputs(range, from: UnsafeBufferPointer(rebasing: columns[part]))
      }
    }
    #expect(ofColumns.weights == ofRows.weights)
    if precision == .float32 { #expect(ofRows.weights == rows.doubles) }
    #expect(ofRows.byteCount == 64 * (precision == .float32 ? 21 * 4 : 22 * 2))
  }

  @Test("Weights are rounded to the nearest bfloat16, ties to even, and NaN stay NaN")
  func rounding() {
    // 1 + 2^-8 lies midway between 1 and 1 + 2^-7, 1 + 3·2^-8 between the latter and 1 + 2^-6.
    let weights: [Float] = [1.00390625, 1.01171875, 1.004, -1.00390625, 3.4e38, .infinity, .nan]
    let w = PackedMatrix.ofInputs(weights, inputs: 7, outputs: 1, precision: .bfloat16).weights
    #expect(w.dropLast() == [1, 1.015625, 1.0078125, -1, .infinity, .infinity])
    #expect(w[6].isNaN)
  }
}
