import Tensors

/// A GPT-2: reads tokens, and says of each position how likely every token is to come next.
///
///     x = wte[token] + wpe[position]
///     x += attention(layerNorm(x) · c_attn) · c_proj                   for each layer
///     x += activation(layerNorm(x) · c_fc) · c_proj
///     logits = layerNorm(x) · headᵀ
///
/// Memory for the weights is allocated once and filled by ``load(_:threads:)``, again for every
/// point of a path. Numbers depend on neither threads nor on what else is computed with them.
///
/// - Note: Threads may share a model, but not while it is loaded.
///
/// Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3.
public final class GPT2: @unchecked Sendable {
  /// What the model is like.
  public let configuration: GPT2Configuration
  /// How the weights of matrices are held; the rest is binary32.
  public let precision: Precision
  /// Where the weights come from; empty before they are loaded.
  public internal(set) var path = ""

  /// [tokens, channels].
  let tokenEmbedding: AlignedBuffer<Float>
  /// [positions, channels].
  let positionEmbedding: AlignedBuffer<Float>
  let blocks: [TransformerBlock]
  let finalNorm: Norm
  /// [channels, tokens], or [channels, classes] in binary32.
  let head: PackedMatrix

  /// Allocates a model whose weights are 0.
  ///
  /// - Parameters:
  ///   - configuration: what it is like.
  ///   - precision: how to hold the weights of matrices.
  public init(_ configuration: GPT2Configuration, precision: Precision) {
    (self.configuration, self.precision) = (configuration, precision)
    let width = configuration.width
    tokenEmbedding = AlignedBuffer(count: configuration.vocabularySize * width)
    positionEmbedding = AlignedBuffer(count: configuration.contextLength * width)
    blocks = (0..<configuration.layerCount).map { _ in TransformerBlock(configuration, precision) }
    finalNorm = Norm(channels: width)
    head = PackedMatrix(
      inputs: width, outputs: configuration.logitCount,
      precision: configuration.classifies ? .float32 : precision)
  }

  /// The memory that the weights take.
  public var byteCount: Int {
    let tables = tokenEmbedding.count + positionEmbedding.count + 2 * configuration.width
    return blocks.reduce(tables * MemoryLayout<Float>.stride + head.byteCount) {
      $0 + $1.byteCount
    }
  }
}
