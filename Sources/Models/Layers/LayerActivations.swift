import CLayers

/// What a model's activations are as wide as.
protocol LayerExtents {
  /// Channels of the residual stream.
  var width: Int { get }
  /// Neurons of the hidden layer.
  var innerWidth: Int { get }
  /// Channels of one head of attention.
  var headWidth: Int { get }
}

/// What one thread computes in: the activations of a batch.
final class LayerActivations {
  /// The residual stream, [positions, channels].
  let stream: AlignedBuffer<Float>
  /// What goes into a matrix, [positions, channels].
  let input: AlignedBuffer<Float>
  /// Queries, keys and values, [positions, 3 · channels], or the hidden layer,
  /// [positions, inner width].
  let wide: AlignedBuffer<Float>
  /// What the layers compute in.
  let scratch = WorkSpace()

  init(_ configuration: some LayerExtents, positions: Int) {
    let widths = LayerActivations.widths(configuration)
    stream = AlignedBuffer(count: positions * widths.stream)
    input = AlignedBuffer(count: positions * widths.stream)
    wide = AlignedBuffer(count: positions * widths.wide)
  }

  private static func widths(_ configuration: some LayerExtents) -> (stream: Int, wide: Int) {
    (configuration.width, max(3 * configuration.width, configuration.innerWidth))
  }

  /// The memory that the activations take, and what the layers compute in.
  static func byteCount(_ configuration: some LayerExtents, positions: Int) -> Int {
    let widths = widths(configuration)
    let numbers = positions * (2 * widths.stream + widths.wide)
    let scratch = max(product_scratch(), attention_scratch(positions, configuration.headWidth))
    return numbers * MemoryLayout<Float>.stride + scratch
  }
}
