import CLayers
import LinearAlgebra

@testable import Models

/// Indices of the instruction sets that this processor has.
let instructionSets = Array(layer_loops.available.indices)

/// Normal numbers, the same in every run.
func normals(_ count: Int, seed: Int, scale: Double = 1) -> [Float] {
  var stream = RandomStream(seed: UInt64(seed), stream: UInt64(count))
  return (0..<count).map { _ in Float(scale * stream.normal()) }
}

extension PackedMatrix {
  /// A matrix of rows [inputs, outputs], packed `step` of them at a time.
  static func ofInputs(
    _ rows: [Float], inputs: Int, outputs: Int, precision: Precision = .float32, step: Int = 7
  ) -> PackedMatrix {
    let matrix = PackedMatrix(inputs: inputs, outputs: outputs, precision: precision)
    rows.withUnsafeBufferPointer { rows in
      for first in stride(from: 0, to: inputs, by: step) {
        let range = first..<min(first + step, inputs)
        let part = range.lowerBound * outputs..<range.upperBound * outputs
        matrix.setInputs(range, from: UnsafeBufferPointer(rebasing: rows[part]))
      }
    }
    return matrix
  }

  /// The weights as they are held: [inputs, outputs].
  var weights: [Double] {
    (0..<inputs * outputs).map { Double(self[$0 / outputs, $0 % outputs]) }
  }
}

extension layer_loops {
  /// x w + bias (+ y), for the positions of x in groups of some size.
  func product(
    _ x: [Float], by w: PackedMatrix, bias: [Float]? = nil, adding y: [Float]? = nil,
    group: Int = .max
  ) -> [Float] {
    let (positions, scratch) = (x.count / w.inputs, WorkSpace())
    var result = y ?? Array(repeating: .nan, count: positions * w.outputs)
    x.withUnsafeBufferPointer { x in
      result.withUnsafeMutableBufferPointer { result in
        guard let x = x.baseAddress, let result = result.baseAddress else { return }
        for first in stride(from: 0, to: positions, by: min(group, positions)) {
          multiply(
            x + first * w.inputs, positions: min(group, positions - first), by: w, bias: bias,
            adding: y != nil, into: result + first * w.outputs, scratch: scratch)
        }
      }
    }
    return result
  }

  /// Negative log-likelihoods of targets.
  func likelihoods(
    _ x: [Float], head: PackedMatrix, bias: [Float]? = nil, targets: [Int32]
  ) -> [Float] {
    var nll = Array(repeating: Float.nan, count: targets.count)
    negativeLogLikelihoods(
      x, positions: targets.count, head: head, bias: bias, targets: targets, into: &nll,
      scratch: WorkSpace())
    return nll
  }

  /// Attention within one sequence.
  func attended(
    _ qkv: [Float], heads: Int, headWidth: Int, reach: AttentionReach = .causal
  ) -> [Float] {
    let positions = qkv.count / (3 * heads * headWidth)
    var out = Array(repeating: Float.nan, count: positions * heads * headWidth)
    attention(
      qkv: qkv, positions: positions, heads: heads, headWidth: headWidth, reach: reach, into: &out,
      scratch: WorkSpace())
    return out
  }
}

extension Float {
  /// The nearest number of a precision, ties to even: bfloat16 has 8 significant bits.
  func rounded(to precision: Precision) -> Float {
    guard precision == .bfloat16, isNormal else { return self }
    let unit = Float(sign: .plus, exponent: exponent - 7, significand: 1)
    return (self / unit).rounded(.toNearestOrEven) * unit
  }
}

extension [Float] {
  var doubles: [Double] { map(Double.init) }
  var bits: [UInt32] { map(\.bitPattern) }
}

/// The largest of |a − b|; NaN if any is.
func farthest(_ a: [Float], _ b: [Double]) -> Double {
  zip(a, b).reduce(0) { largest, pair in
    let distance = abs(Double(pair.0) - pair.1)
    return distance.isNaN || distance > largest ? distance : largest
  }
}
