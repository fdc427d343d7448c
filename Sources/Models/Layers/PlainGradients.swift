import Glibc

/// Backward passes of the layers in `Double`, written as their formulas: what the fast ones are held
/// against. dz is the gradient of a loss by z.
enum PlainGradients {
  /// What a layer with parameters passes back.
  struct Linear {
    /// The gradient by what went in.
    var input: [Double]
    var weight: [Double]
    var bias: [Double]
  }

  /// Back through y = x w + bias: dx = dy wᵀ, dw = xᵀ dy, dbias = Σ_p dy[p].
  ///
  /// - Parameters:
  ///   - x: [positions, inputs].
  ///   - weight: [inputs, outputs].
  ///   - dy: [positions, outputs].
  ///   - outputs: columns of the weight.
  /// - Returns: dx, dw and dbias.
  static func multiply(
    _ x: [Double], by weight: [Double], _ dy: [Double], outputs: Int
  ) -> Linear {
    let (inputs, positions) = (weight.count / outputs, dy.count / outputs)
    var found = Linear(
      input: zeros(x.count), weight: zeros(weight.count), bias: zeros(outputs))
    for position in 0..<positions {
      for output in 0..<outputs {
        let slope = dy[position * outputs + output]
        found.bias[output] += slope
        for input in 0..<inputs {
          found.input[position * inputs + input] += slope * weight[input * outputs + output]
          found.weight[input * outputs + output] += slope * x[position * inputs + input]
        }
      }
    }
    return found
  }

  /// Back through a normalization, n = (x − μ) / √(σ² + epsilon), y = n · weight + bias.
  ///
  ///     dx = (dn − mean(dn) − n · mean(n · dn)) / √(σ² + epsilon),   dn = dy · weight
  ///
  /// - Parameters:
  ///   - x: [positions, channels].
  ///   - weight: [channels].
  ///   - epsilon: added to the variance.
  ///   - dy: [positions, channels].
  /// - Returns: dx, and the gradients by weight and bias.
  static func layerNorm(
    _ x: [Double], weight: [Double], epsilon: Double, _ dy: [Double]
  ) -> Linear {
    let channels = weight.count
    var found = Linear(input: [], weight: zeros(channels), bias: zeros(channels))
    for first in stride(from: 0, to: x.count, by: channels) {
      let row = x[first..<first + channels]
      let mean = row.reduce(0, +) / Double(channels)
      let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(channels)
      let scale = 1 / (variance + epsilon).squareRoot()
      let n = row.map { ($0 - mean) * scale }
      let dn = (0..<channels).map { dy[first + $0] * weight[$0] }
      let meanSlope = dn.reduce(0, +) / Double(channels)
      let product = zip(n, dn).reduce(0) { $0 + $1.0 * $1.1 } / Double(channels)
      for channel in 0..<channels {
        found.input.append((dn[channel] - meanSlope - n[channel] * product) * scale)
        found.weight[channel] += dy[first + channel] * n[channel]
        found.bias[channel] += dy[first + channel]
      }
    }
    return found
  }

  /// Back through attention: the gradient by queries, keys and values.
  ///
  /// - Parameters:
  ///   - qkv: [positions, 3 · heads · headWidth].
  ///   - heads: the number of heads.
  ///   - headWidth: channels of a head.
  ///   - scale: what scores are multiplied by.
  ///   - reach: which positions are attended to.
  ///   - dout: [positions, heads · headWidth].
  /// - Returns: dqkv, laid out as `qkv`.
  static func attention(
    qkv: [Double], heads: Int, headWidth: Int, scale: Double, reach: AttentionReach,
    _ dout: [Double]
  ) -> [Double] {
    let channels = heads * headWidth
    let positions = dout.count / channels
    var found = zeros(qkv.count)
    for position in 0..<positions {
      for first in stride(from: 0, to: channels, by: headWidth) {
        let head = Head(
          position: position, others: 0..<(reach == .causal ? position + 1 : positions),
          channels: channels, first: first, width: headWidth, scale: scale)
        head.goBack(qkv, dout, addingTo: &found)
      }
    }
    return found
  }

  private static func zeros(_ count: Int) -> [Double] { Array(repeating: 0, count: count) }

  /// One query of one head.
  private struct Head {
    let position: Int
    /// The positions that it attends to.
    let others: Range<Int>
    let channels: Int
    let first: Int
    let width: Int
    let scale: Double

    /// Where channel d of a position's queries (part 0), keys (1) or values (2) is.
    private func place(_ position: Int, _ part: Int, _ channel: Int) -> Int {
      (position * 3 + part) * channels + first + channel
    }

    func goBack(_ qkv: [Double], _ dout: [Double], addingTo found: inout [Double]) {
      let scores = others.map { other in
        scale
          * (0..<width).reduce(0) {
            $0 + qkv[place(position, 0, $1)] * qkv[place(other, 1, $1)]
          }
      }
      let total = PlainLayers.logSumExp(scores)
      let weights = scores.map { exp($0 - total) }
      let slopes = others.map { other in
        (0..<width).reduce(0) {
          $0 + dout[position * channels + first + $1] * qkv[place(other, 2, $1)]
        }
      }
      let mean = zip(weights, slopes).reduce(0) { $0 + $1.0 * $1.1 }
      for other in others {
        let slope = scale * weights[other] * (slopes[other] - mean)
        for channel in 0..<width {
          let dy = dout[position * channels + first + channel]
          found[place(other, 2, channel)] += weights[other] * dy
          found[place(position, 0, channel)] += slope * qkv[place(other, 1, channel)]
          found[place(other, 1, channel)] += slope * qkv[place(position, 0, channel)]
        }
      }
    }
  }
}
