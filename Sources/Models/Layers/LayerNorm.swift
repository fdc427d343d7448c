import CLayers

/// Normalizes each position of x, then scales and shifts each channel.
///
///     y[p, c] = (x[p, c] − μ[p]) / √(σ²[p] + epsilon) · weight[c] + bias[c]
///
/// μ and σ² run over the channels of one position; σ² divides by their number. Sums run in
/// `Double`.
///
/// - Parameters:
///   - x: [positions, channels], row-major.
///   - positions: the rows; may be 0.
///   - channels: at least 1.
///   - weight: [channels].
///   - bias: [channels].
///   - epsilon: added to σ²; 1e-5 in GPT-2 and RoBERTa.
///   - y: [positions, channels]; overwritten. May be x.
/// - Complexity: O(positions × channels), no allocation.
///
/// Source: Ba, Kiros & Hinton 2016, "Layer Normalization", section 3.
public func layerNorm(
  _ x: UnsafePointer<Float>, positions: Int, channels: Int, weight: UnsafePointer<Float>,
  bias: UnsafePointer<Float>, epsilon: Float, into y: UnsafeMutablePointer<Float>
) {
  precondition(positions >= 0 && channels > 0)
  layer_loops.best.normalize(x, positions, channels, weight, bias, epsilon, y)
}
