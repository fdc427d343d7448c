import Tensors

/// The encoder of BERT and RoBERTa: reads tokens, each of which attends to all.
///
///     x = layerNorm(word[token] + position[row] + type[0])
///     x = layerNorm(x + attention(x · [query key value]) · output)        for each layer
///     x = layerNorm(x + activation(x · intermediate) · output)
///
/// Source: Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers for Language
/// Understanding", section 3.
final class TransformerEncoder: @unchecked Sendable {
  let configuration: EncoderConfiguration
  /// [tokens, channels].
  let words: AlignedBuffer<Float>
  /// [positions, channels].
  let positions: AlignedBuffer<Float>
  /// [types, channels].
  let types: AlignedBuffer<Float>
  let norm: Norm
  let blocks: [Block]

  /// Allocates an encoder whose weights are 0.
  init(_ configuration: EncoderConfiguration, precision: Precision) {
    self.configuration = configuration
    let width = configuration.width
    words = AlignedBuffer(count: configuration.vocabularySize * width)
    positions = AlignedBuffer(count: configuration.positionCount * width)
    types = AlignedBuffer(count: configuration.typeCount * width)
    norm = Norm(channels: width)
    blocks = (0..<configuration.layerCount).map { _ in Block(configuration, precision) }
  }

  /// The parameters of one layer.
  struct Block {
    /// Queries, keys and values.
    let attention: Linear
    let attentionOutput: Linear
    let attentionNorm: Norm
    let hidden: Linear
    let hiddenOutput: Linear
    let hiddenNorm: Norm

    init(_ configuration: EncoderConfiguration, _ precision: Precision) {
      let (width, inner) = (configuration.width, configuration.innerWidth)
      attention = Linear(width, 3 * width, precision)
      attentionOutput = Linear(width, width, precision)
      attentionNorm = Norm(channels: width)
      hidden = Linear(width, inner, precision)
      hiddenOutput = Linear(inner, width, precision)
      hiddenNorm = Norm(channels: width)
    }
  }

  /// The memory that the weights take.
  var byteCount: Int {
    let tables = words.count + positions.count + types.count + 2 * configuration.width
    return blocks.reduce(tables * MemoryLayout<Float>.stride) { total, block in
      [block.attention, block.attentionOutput, block.hidden, block.hiddenOutput].reduce(
        total + 4 * configuration.width * MemoryLayout<Float>.stride
      ) { $0 + $1.byteCount }
    }
  }

  /// Where each tensor goes.
  var sinks: [WeightSink] {
    let width = configuration.width
    return [
      WeightSink("embeddings.word_embeddings.weight", words, width: width),
      WeightSink("embeddings.position_embeddings.weight", positions, width: width),
      WeightSink("embeddings.token_type_embeddings.weight", types, width: width),
    ] + WeightSink.norm("embeddings.LayerNorm", norm)
      + blocks.indices.flatMap { sinks(ofLayer: $0) }
  }

  private func sinks(ofLayer layer: Int) -> [WeightSink] {
    let (block, name) = (blocks[layer], "encoder.layer.\(layer)")
    let projections = ["query", "key", "value"].enumerated().flatMap { part, kind in
      WeightSink.transposed("\(name).attention.self.\(kind)", block.attention, part: part, of: 3)
    }
    return projections
      + WeightSink.transposed("\(name).attention.output.dense", block.attentionOutput)
      + WeightSink.norm("\(name).attention.output.LayerNorm", block.attentionNorm)
      + WeightSink.transposed("\(name).intermediate.dense", block.hidden)
      + WeightSink.transposed("\(name).output.dense", block.hiddenOutput)
      + WeightSink.norm("\(name).output.LayerNorm", block.hiddenNorm)
  }
}
