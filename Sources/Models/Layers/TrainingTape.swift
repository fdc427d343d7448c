/// The activations of a batch that the pass back needs, and memory that both passes compute in.
///
/// Each half of a layer has one normalization. Where it comes first, as in GPT-2, what comes out of it
/// is kept beside the residual stream; where it comes last, as in BERT, what goes into it.
final class TrainingTape {
  /// What one layer leaves.
  struct Layer {
    /// The residual stream as it comes in, [positions, channels].
    let input: AlignedBuffer<Float>
    /// The normalization of the half with attention: its other side, [positions, channels].
    let attentionNorm: AlignedBuffer<Float>
    /// Queries, keys and values: 3 · positions · channels numbers.
    let qkv: AlignedBuffer<Float>
    /// What heads gather, [positions, channels].
    let gathered: AlignedBuffer<Float>
    /// The residual stream after attention, [positions, channels].
    let middle: AlignedBuffer<Float>
    /// The normalization of the half with the hidden layer: its other side, [positions, channels].
    let hiddenNorm: AlignedBuffer<Float>
    /// The hidden layer before its activation, [positions, inner width].
    let hidden: AlignedBuffer<Float>
    /// And after it.
    let activated: AlignedBuffer<Float>

    init(_ model: some TrainedLayers, positions: Int) {
      let width = model.width
      func buffer(_ channels: Int) -> AlignedBuffer<Float> {
        AlignedBuffer(count: positions * channels)
      }
      (input, attentionNorm, qkv) = (buffer(width), buffer(width), buffer(3 * width))
      (gathered, middle, hiddenNorm) = (buffer(width), buffer(width), buffer(width))
      (hidden, activated) = (buffer(model.innerWidth), buffer(model.innerWidth))
    }
  }

  /// The positions that there is room for.
  let positions: Int
  let layers: [Layer]
  /// The residual stream after the last layer, [positions, channels].
  let output: AlignedBuffer<Float>
  /// The rows that are scored, [positions, channels], before the last step of the head: GPT-2's last
  /// normalization, or dropout; and after it.
  let kept: AlignedBuffer<Float>
  let headInput: AlignedBuffer<Float>
  /// Logits of some rows, then their gradients, [rows at once, logits].
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

  init(_ model: some TrainedLayers, positions: Int) {
    let (width, inner) = (model.width, model.innerWidth)
    func buffer(_ channels: Int) -> AlignedBuffer<Float> {
      AlignedBuffer(count: positions * channels)
    }
    self.positions = positions
    layers = (0..<model.layerCount).map { _ in Layer(model, positions: positions) }
    (output, kept, headInput) = (buffer(width), buffer(width), buffer(width))
    logits = AlignedBuffer(
      count: TrainingTape.rowsAtOnce(model, positions: positions) * model.logitCount)
    (streamGradient, inputGradient, branch) = (buffer(width), buffer(width), buffer(width))
    wideGradient = buffer(max(3 * width, inner))
    let chunks = (positions + TrainingTape.chunkLength - 1) / TrainingTape.chunkLength
    partialSums = AlignedBuffer(count: chunks * 2 * width)
    losses = buffer(1)
    hits = AlignedBuffer(count: positions)
  }

  /// Positions whose gradients by the parameters of a normalization are summed together first.
  static let chunkLength = 64

  /// Rows whose logits are in memory at once: about 2^25 numbers, 128 MiB.
  static func rowsAtOnce(_ model: some TrainedLayers, positions: Int) -> Int {
    let most = max((1 << 25) / model.logitCount, 16)
    let parts = max((positions + most - 1) / most, 1)
    return (positions + parts - 1) / parts
  }

  /// The memory that a tape takes.
  ///
  /// - Parameters:
  ///   - model: what it is like.
  ///   - positions: of a batch.
  /// - Returns: bytes: about 4 · positions · (layers · (8 · channels + 2 · inner width)
  ///   + 6 · channels + inner width), and the logits.
  static func byteCount(_ model: some TrainedLayers, positions: Int) -> Int {
    let (width, inner) = (model.width, model.innerWidth)
    let rows =
      model.layerCount * (8 * width + 2 * inner) + 6 * width + max(3 * width, inner) + 1
    let chunks = (positions + chunkLength - 1) / chunkLength
    let logits = rowsAtOnce(model, positions: positions) * model.logitCount
    return (positions * rows + chunks * 2 * width + logits) * MemoryLayout<Float>.stride
  }
}
