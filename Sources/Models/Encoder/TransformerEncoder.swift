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
  let blocks: [TransformerBlock]

  /// Allocates an encoder whose weights are 0.
  init(_ configuration: EncoderConfiguration, precision: Precision) {
    self.configuration = configuration
    let width = configuration.width
    words = AlignedBuffer(count: configuration.vocabularySize * width)
    positions = AlignedBuffer(count: configuration.positionCount * width)
    types = AlignedBuffer(count: configuration.typeCount * width)
    norm = Norm(channels: width)
    blocks = (0..<configuration.layerCount).map { _ in TransformerBlock(configuration, precision) }
  }

  /// The memory that the weights take.
  var byteCount: Int {
    let tables = words.count + positions.count + types.count + 2 * configuration.width
    return blocks.reduce(tables * MemoryLayout<Float>.stride) { $0 + $1.byteCount }
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
