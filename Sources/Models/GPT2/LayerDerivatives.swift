import Glibc

/// How the results of layers change with what goes into them: derivatives in t at t = 0 where an
/// input x is x + t · dx. Arrays have the shapes of the layers' own.
enum LayerDerivatives {
  /// The change of `layerNorm`.
  ///
  ///     n = (x − μ) / √(σ² + epsilon)
  ///     dn = (dx − mean(dx) − n · mean(n · dx)) / √(σ² + epsilon)
  ///     dy = dn · weight + n · dweight + dbias
  static func layerNorm(
    _ x: UnsafePointer<Float>, changing dx: UnsafePointer<Float>, positions: Int,
    weight: UnsafePointer<Float>, by change: Norm, epsilon: Double,
    into dy: UnsafeMutablePointer<Float>
  ) {
    let channels = change.weight.count
    let (dweight, dbias) = (change.weight.pointer, change.bias.pointer)
    for first in stride(from: 0, to: positions * channels, by: channels) {
      let (x, dx, dy) = (x + first, dx + first, dy + first)
      let moments = Moments(x, dx, channels, epsilon)
      for channel in 0..<channels {
        let n = (Double(x[channel]) - moments.mean) * moments.scale
        let dn = (Double(dx[channel]) - moments.meanChange - n * moments.slope) * moments.scale
        dy[channel] = Float(
          dn * Double(weight[channel]) + n * Double(dweight[channel]) + Double(dbias[channel]))
      }
    }
  }

  /// The change of an activation: multiplies each element of dx by the slope at x.
  static func activation(
    _ x: UnsafePointer<Float>, changing dx: UnsafeMutablePointer<Float>, count: Int,
    by kind: Activation
  ) {
    for index in 0..<count { dx[index] *= Float(slope(of: kind, at: Double(x[index]))) }
  }

  /// The slope of an activation; that of max(x, 0) is 0 at 0.
  static func slope(of kind: Activation, at x: Double) -> Double {
    switch kind {
    case .tanh:
      let root = (2 / Double.pi).squareRoot()
      let value = Glibc.tanh(root * (x + 0.044715 * x * x * x))
      return (1 + value) / 2 + x / 2 * (1 - value * value) * root * (1 + 3 * 0.044715 * x * x)
    case .erf:
      let density = exp(-x * x / 2) / (2 * Double.pi).squareRoot()
      return (1 + Glibc.erf(x / 2.0.squareRoot())) / 2 + x * density
    case .relu: return x > 0 ? 1 : 0
    }
  }

  /// The change of causal attention.
  ///
  ///     ds[p, q] = (dquery[p] · key[q] + query[p] · dkey[q]) / √headWidth
  ///     dout[p] = Σ_q w[p, q] · ((ds[p, q] − Σ_r w[p, r] ds[p, r]) · value[q] + dvalue[q])
  ///
  /// w are the weights of attention.
  static func attention(
    qkv: UnsafePointer<Float>, changing dqkv: UnsafePointer<Float>, positions: Int, heads: Int,
    headWidth: Int, into dout: UnsafeMutablePointer<Float>
  ) {
    let width = heads * headWidth
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 2 * positions) { row in
      guard let weights = row.baseAddress else { return }
      for position in 0..<positions {
        for first in stride(from: 0, to: width, by: headWidth) {
          let head = AttentionHead(
            qkv: qkv + first, dqkv: dqkv + first, width: width, headWidth: headWidth)
          head.weigh(position, weights: weights, changes: weights + positions)
          head.gather(
            position, weights: weights, changes: weights + positions,
            into: dout + position * width + first)
        }
      }
    }
  }
}

/// What the change of a normalized position needs to know of it.
private struct Moments {
  private(set) var mean = 0.0
  private(set) var meanChange = 0.0
  /// One over the root of variance plus epsilon.
  private(set) var scale = 0.0
  /// The mean of n · dx.
  private(set) var slope = 0.0

  init(
    _ x: UnsafePointer<Float>, _ dx: UnsafePointer<Float>, _ channels: Int, _ epsilon: Double
  ) {
    for channel in 0..<channels {
      mean += Double(x[channel]) / Double(channels)
      meanChange += Double(dx[channel]) / Double(channels)
    }
    var (squares, products) = (0.0, 0.0)
    for channel in 0..<channels {
      let deviation = Double(x[channel]) - mean
      squares += deviation * deviation
      products += deviation * Double(dx[channel])
    }
    scale = 1 / (squares / Double(channels) + epsilon).squareRoot()
    slope = products * scale / Double(channels)
  }
}

/// One head of attention in one window, and its change.
private struct AttentionHead {
  /// The head's first channel among the queries of position 0.
  let qkv: UnsafePointer<Float>
  let dqkv: UnsafePointer<Float>
  let width: Int
  let headWidth: Int

  /// The weight of each position up to this one, and its change.
  func weigh(
    _ position: Int, weights: UnsafeMutablePointer<Float>, changes: UnsafeMutablePointer<Float>
  ) {
    let scale = 1 / Float(headWidth).squareRoot()
    let (query, dquery) = (qkv + position * 3 * width, dqkv + position * 3 * width)
    for other in 0...position {
      let offset = (other * 3 + 1) * width
      weights[other] = scale * dot(query, qkv + offset)
      changes[other] = scale * (dot(dquery, qkv + offset) + dot(query, dqkv + offset))
    }
    softmax(weights, count: position + 1)
    var mean = 0.0
    for other in 0...position { mean += Double(weights[other]) * Double(changes[other]) }
    for other in 0...position { changes[other] = weights[other] * (changes[other] - Float(mean)) }
  }

  func gather(
    _ position: Int, weights: UnsafePointer<Float>, changes: UnsafePointer<Float>,
    into dout: UnsafeMutablePointer<Float>
  ) {
    dout.update(repeating: 0, count: headWidth)
    for other in 0...position {
      let (value, dvalue) = (qkv + (other * 3 + 2) * width, dqkv + (other * 3 + 2) * width)
      for channel in 0..<headWidth {
        dout[channel] += changes[other] * value[channel] + weights[other] * dvalue[channel]
      }
    }
  }

  private func dot(_ left: UnsafePointer<Float>, _ right: UnsafePointer<Float>) -> Float {
    let vectors = headWidth / 8
    var lanes = SIMD8<Float>.zero
    for vector in 0..<vectors {
      let (left, right) = (
        UnsafeRawPointer(left + 8 * vector).loadUnaligned(as: SIMD8<Float>.self),
        UnsafeRawPointer(right + 8 * vector).loadUnaligned(as: SIMD8<Float>.self)
      )
      lanes += left * right
    }
    return (8 * vectors..<headWidth).reduce(lanes.sum()) { $0 + left[$1] * right[$1] }
  }
}
