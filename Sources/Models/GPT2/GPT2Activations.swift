/// What one thread computes in: the activations of a batch.
final class GPT2Activations {
  /// The residual stream, [positions, channels].
  let stream: AlignedBuffer<Float>
  /// What goes into a matrix, [positions, channels].
  let input: AlignedBuffer<Float>
  /// Queries, keys and values, [positions, 3 · channels], or the hidden layer,
  /// [positions, inner width].
  let wide: AlignedBuffer<Float>
  /// What the layers compute in.
  let scratch = WorkSpace()

  init(_ configuration: GPT2Configuration, positions: Int) {
    let widths = GPT2Activations.widths(configuration)
    stream = AlignedBuffer(count: positions * widths.stream)
    input = AlignedBuffer(count: positions * widths.stream)
    wide = AlignedBuffer(count: positions * widths.wide)
  }

  private static func widths(_ configuration: GPT2Configuration) -> (stream: Int, wide: Int) {
    (configuration.width, max(3 * configuration.width, configuration.innerWidth))
  }

  /// The memory that the activations take, without what the layers compute in.
  static func byteCount(_ configuration: GPT2Configuration, positions: Int) -> Int {
    let widths = widths(configuration)
    return positions * (2 * widths.stream + widths.wide) * MemoryLayout<Float>.stride
  }
}
