import Glibc

/// The layers in `Double`, written as their formulas: what the fast ones are held against.
///
/// Arrays are row-major, with the shapes of the fast functions of the same names.
public enum PlainLayers {
  /// The product of positions and weights; see ``multiply(_:positions:by:bias:adding:into:scratch:)``.
  ///
  /// - Parameters:
  ///   - x: [positions, inputs].
  ///   - weight: [inputs, outputs].
  ///   - bias: [outputs].
  /// - Returns: [positions, outputs].
  public static func multiply(_ x: [Double], by weight: [Double], bias: [Double]) -> [Double] {
    let (outputs, inputs) = (bias.count, weight.count / max(bias.count, 1))
    guard inputs > 0 else { return [] }
    return (0..<x.count / inputs * outputs).map { index in
      let (position, output) = index.quotientAndRemainder(dividingBy: outputs)
      return (0..<inputs).reduce(bias[output]) {
        $0 + x[position * inputs + $1] * weight[$1 * outputs + output]
      }
    }
  }

  /// Normalized positions.
  ///
  /// - Parameters:
  ///   - x: [positions, channels].
  ///   - weight: [channels].
  ///   - bias: [channels].
  ///   - epsilon: added to the variance.
  /// - Returns: [positions, channels].
  public static func layerNorm(
    _ x: [Double], weight: [Double], bias: [Double], epsilon: Double
  ) -> [Double] {
    let channels = weight.count
    return stride(from: 0, to: x.count, by: max(channels, 1)).flatMap { first in
      let row = x[first..<first + channels]
      let mean = row.reduce(0, +) / Double(channels)
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(channels)
      return zip(row, zip(weight, bias)).map { value, parameters in
        (value - mean) / (variance + epsilon).squareRoot() * parameters.0 + parameters.1
      }
    }
  }

  /// An activation of one number.
  ///
  /// - Parameters:
  ///   - x: the number.
  ///   - kind: the function.
  /// - Returns: its value.
  public static func activation(_ x: Double, _ kind: Activation) -> Double {
    switch kind {
    case .tanh: x / 2 * (1 + tanh((2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)))
    case .erf: x / 2 * (1 + erf(x / 2.0.squareRoot()))
    case .relu: max(x, 0)
    }
  }

  /// The logarithm of the sum of the exponentials, in nats.
  ///
  /// - Parameter logits: at least one of them finite.
  /// - Returns: log Σ exp(z).
  public static func logSumExp(_ logits: some Collection<Double>) -> Double {
    let largest = logits.max() ?? -.infinity
    return largest + log(logits.reduce(0) { $0 + exp($1 - largest) })
  }

  /// Negative log-likelihoods of the target words, in nats.
  ///
  /// - Parameters:
  ///   - x: [positions, inputs].
  ///   - head: [inputs, words].
  ///   - bias: [words].
  ///   - targets: [positions].
  /// - Returns: [positions].
  public static func negativeLogLikelihoods(
    _ x: [Double], head: [Double], bias: [Double], targets: [Int]
  ) -> [Double] {
    let logits = multiply(x, by: head, bias: bias)
    return targets.enumerated().map { position, target in
      let row = logits[position * bias.count..<(position + 1) * bias.count]
      return logSumExp(row) - row[row.startIndex + target]
    }
  }

  /// Attention within one sequence.
  ///
  /// - Parameters:
  ///   - qkv: [positions, 3 · heads · headWidth].
  ///   - positions: the length of the sequence.
  ///   - heads: the number of heads.
  ///   - headWidth: channels of a head.
  ///   - reach: which positions are attended to.
  /// - Returns: [positions, heads · headWidth].
  public static func attention(
    qkv: [Double], positions: Int, heads: Int, headWidth: Int, reach: AttentionReach
  ) -> [Double] {
    let channels = heads * headWidth
    var out = Array(repeating: 0.0, count: positions * channels)
    for position in 0..<positions {
      let others = 0..<(reach == .causal ? position + 1 : positions)
      for first in stride(from: 0, to: channels, by: headWidth) {
        let head = first..<first + headWidth
        let scores = others.map { other in
          head.reduce(0) {
            $0 + qkv[position * 3 * channels + $1] * qkv[other * 3 * channels + channels + $1]
          } / Double(headWidth).squareRoot()
        }
        let total = logSumExp(scores)
        for (other, score) in zip(others, scores) {
          for channel in head {
            out[position * channels + channel] +=
              exp(score - total) * qkv[other * 3 * channels + 2 * channels + channel]
          }
        }
      }
    }
    return out
  }
}
