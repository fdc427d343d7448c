import CLayers
import Glibc
import Testing

@testable import Models

/// Around one vector of any instruction set.
private let lengths = [1, 3, 4, 5, 15, 16, 17, 33, 768]

@Suite struct ExponentialTests {
  @Test("Exponentials are within 1 ulp where they are normal numbers", arguments: instructionSets)
  func accuracy(set: Int) {
    let x = (0..<200_000).map { -87.3 + Float($0) * 8.8e-4 }
    var y = x
    layer_loops.available[set].exponential(&y, y.count)
    let worst = zip(x, y).map { abs(Double($1) - exp(Double($0))) / Double($1.ulp) }.max()
    #expect(worst ?? .nan <= 1)
  }

  @Test("They underflow gradually, overflow to ∞, and keep NaN", arguments: instructionSets)
  func edges(set: Int) {
    var y: [Float] = [0, -0.0, -.infinity, .infinity, .nan, 89, -104, 88.72, -95]
    layer_loops.available[set].exponential(&y, y.count)
    #expect(y[0...3] == [1, 1, 0, .infinity])
    #expect(y[4].isNaN)
    #expect(y[5...6] == [.infinity, 0])
    #expect(y[7] > 3.3e38 && y[7] < .infinity)
    #expect(abs(Double(y[8]) - exp(-95)) <= 0x1p-149)
  }
}

@Suite struct ActivationTests {
  @Test("Activations are those of the formula", arguments: instructionSets, Activation.allCases)
  func formula(set: Int, kind: Activation) {
    let x = (0...40_000).map { Float($0 - 20_000) / 1600 }
    var y = x
    layer_loops.available[set].activate(&y, count: y.count, by: kind)
    for (x, y) in zip(x, y) {
      let expected = PlainLayers.activation(Double(x), kind)
      // A few roundings, and those of the exponent, which grows as x² or x³ where y vanishes.
      #expect(abs(Double(y) - expected) <= 6 * 0x1p-24 * abs(expected) + 0x1p-26)
    }
  }

  @Test("Edges are as documented", arguments: instructionSets, Activation.allCases)
  func edges(set: Int, kind: Activation) {
    for length in lengths {
      var y = Array(repeating: Float.infinity, count: length)
      y[length / 2] = -.infinity
      y[length - 1] = .nan
      layer_loops.available[set].activate(&y, count: length, by: kind)
      #expect(y[length - 1].isNaN)
      if length > 2 { #expect(y[0] == .infinity && y[length / 2] == 0) }
    }
  }
}

@Suite struct LayerNormTests {
  @Test("Layer normalization is that of the formula, rounded once", arguments: instructionSets)
  func formula(set: Int) {
    for channels in lengths {
      // A mean far from 0 would leave few digits to sums in binary32.
      let x = normals(3 * channels, seed: 1).map { $0 + 1000 }
      let (weight, bias) = (normals(channels, seed: 2), normals(channels, seed: 3))
      let expected = PlainLayers.layerNorm(
        x.doubles, weight: weight.doubles, bias: bias.doubles, epsilon: Double(Float(1e-5)))
      var y = x
      layer_loops.available[set].normalize(y, 3, channels, weight, bias, 1e-5, &y)
      for (y, expected) in zip(y, expected) {
        #expect(abs(Double(y) - expected) <= 0.51 * Double(Float(expected).ulp) + 1e-9)
      }
    }
  }
}

@Suite struct SoftmaxTests {
  @Test("Probabilities and their logarithms are those of the formula", arguments: instructionSets)
  func formula(set: Int) {
    for length in lengths + [50257] {
      let row = normals(length, seed: 1, scale: 5)
      let total = PlainLayers.logSumExp(row.doubles)
      var (probabilities, logarithms) = (row, row)
      layer_loops.available[set].softmax(&probabilities, length)
      layer_loops.available[set].log_softmax(&logarithms, length)
      // The difference from the largest, up to 40, rounds once before the exponential is taken.
      #expect(
        zip(probabilities, row).allSatisfy {
          abs(Double($0) / exp(Double($1) - total) - 1) < 50 * 0x1p-24
        })
      #expect(farthest(logarithms, row.map { Double($0) - total }) < 50 * 0x1p-24)
    }
  }

  @Test("−∞ has no probability; NaN and +∞ leave nothing", arguments: instructionSets)
  func notFinite(set: Int) {
    let loops = layer_loops.available[set]
    var row: [Float] = [1, -.infinity, 1]
    loops.softmax(&row, 3)
    #expect(row == [0.5, 0, 0.5])
    loops.log_softmax(&row, 0)
    for bad in [Float.nan, .infinity] {
      var row: [Float] = [1, bad, 1]
      loops.softmax(&row, 3)
      #expect(row.allSatisfy { $0.isNaN })
    }
    var none: [Float] = [-.infinity, -.infinity]
    loops.log_softmax(&none, 2)
    #expect(none.allSatisfy { $0.isNaN })
  }
}
