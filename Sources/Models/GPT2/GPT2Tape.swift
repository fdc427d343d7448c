/// The activations of a batch that the pass back needs, and memory that both passes compute in.
final class GPT2Tape {
  /// What one layer leaves.
  struct Layer {
    /// The residual stream as it comes in, [positions, channels].
    let input: AlignedBuffer<Float>
    /// Normalized, [positions, channels].
    let attentionInput: AlignedBuffer<Float>
    /// Queries, keys and values, [positions, 3 · channels].
    let qkv: AlignedBuffer<Float>
    /// What heads gather, [positions, channels].
    let gathered: AlignedBuffer<Float>
    /// The residual stream after attention, [positions, channels].
    let middle: AlignedBuffer<Float>
    /// Normalized, [positions, channels].
    let hiddenInput: AlignedBuffer<Float>
    /// The hidden layer before its activation, [positions, inner width].
    let hidden: AlignedBuffer<Float>
    /// And after it.
    let activated: AlignedBuffer<Float>

    init(_ configuration: GPT2Configuration, positions: Int) {
      let width = configuration.width
      func buffer(_ channels: Int) -> AlignedBuffer<Float> {
        AlignedBuffer(count: positions * channels)
      }
      (input, attentionInput, qkv) = (buffer(width), buffer(width), buffer(3 * width))
      (gathered, middle, hiddenInput) = (buffer(width), buffer(width), buffer(width))
      (hidden, activated) = (buffer(configuration.innerWidth), buffer(configuration.innerWidth))
    }
  }

  /// The positions that there is room for.
  let positions: Int
  let layers: [Layer]
  /// The residual stream after the last layer, [positions, channels].
  let output: AlignedBuffer<Float>
  /// The rows of it that are scored, and the same normalized, [positions, channels].
  let kept: AlignedBuffer<Float>
  let headInput: AlignedBuffer<Float>
  /// Logits of some rows, then their gradients, [rows at once, vocabulary].
  let logits: AlignedBuffer<Float>
  /// Gradients by the residual stream, by what goes into a matrix, and by what comes out of one,
  /// [positions, channels] and [positions, widest].
  let streamGradient: AlignedBuffer<Float>
  let inputGradient: AlignedBuffer<Float>
  let wideGradient: AlignedBuffer<Float>
  /// What goes onto the residual stream, where dropout comes between, [positions, channels].
  let branch: AlignedBuffer<Float>
  /// Sums over some positions each, of gradients by the parameters of a normalization,
  /// [chunks of positions, 2 · channels].
  let partialSums: AlignedBuffer<Float>
  /// The negative log-likelihood of each scored row.
  let losses: AlignedBuffer<Float>
  /// Whether the class of each scored row has the largest logit.
  let hits: AlignedBuffer<Bool>

  init(_ configuration: GPT2Configuration, positions: Int) {
    let (width, inner) = (configuration.width, configuration.innerWidth)
    func buffer(_ channels: Int) -> AlignedBuffer<Float> {
      AlignedBuffer(count: positions * channels)
    }
    self.positions = positions
    layers = (0..<configuration.layerCount).map { _ in Layer(configuration, positions: positions) }
    (output, kept, headInput) = (buffer(width), buffer(width), buffer(width))
    logits = AlignedBuffer(
      count: GPT2Tape.rowsAtOnce(configuration, positions: positions)
        * configuration.logitCount)
    (streamGradient, inputGradient, branch) = (buffer(width), buffer(width), buffer(width))
    wideGradient = buffer(max(3 * width, inner))
    let chunks = (positions + GPT2Tape.chunkLength - 1) / GPT2Tape.chunkLength
    partialSums = AlignedBuffer(count: chunks * 2 * width)
    losses = buffer(1)
    hits = AlignedBuffer(count: positions)
  }

  /// Positions whose gradients by the parameters of a normalization are summed together first.
  static let chunkLength = 64

  /// Rows whose logits are in memory at once: about 2^25 numbers, 128 MiB.
  static func rowsAtOnce(_ configuration: GPT2Configuration, positions: Int) -> Int {
    let most = max((1 << 25) / configuration.logitCount, 16)
    let parts = max((positions + most - 1) / most, 1)
    return (positions + parts - 1) / parts
  }

  /// The memory that a tape takes.
  ///
  /// - Parameters:
  ///   - configuration: what the model is like.
  ///   - positions: of a batch.
  /// - Returns: bytes: about 4 · positions · (layers · (8 · channels + 2 · inner width)
  ///   + 6 · channels + inner width), and the logits.
  static func byteCount(_ configuration: GPT2Configuration, positions: Int) -> Int {
    let (width, inner) = (configuration.width, configuration.innerWidth)
    let rows =
      configuration.layerCount * (8 * width + 2 * inner) + 6 * width + max(3 * width, inner) + 1
    let chunks = (positions + chunkLength - 1) / chunkLength
    let logits = rowsAtOnce(configuration, positions: positions) * configuration.logitCount
    return (positions * rows + chunks * 2 * width + logits) * MemoryLayout<Float>.stride
  }
}
