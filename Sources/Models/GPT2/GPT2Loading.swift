import Tensors

extension GPT2 {
  /// Fills the model with weights.
  ///
  /// Where it throws, some weights are new and others old.
  ///
  /// - Parameters:
  ///   - weights: has the tensors of the configuration.
  ///   - threads: how many read at once, at least 1; each takes 1 MiB besides the model.
  /// - Throws: ``ModelError`` if a tensor is missing, has another shape, or holds NaN or
  ///   infinities; what the weights throw where they cannot be read.
  /// - Complexity: one read of every tensor.
  public func load(_ weights: some StateDict, threads: Int) throws {
    path = weights.path
    try fill(sinks, from: weights, threads: threads)
  }

  /// Where each tensor goes.
  private var sinks: [WeightSink] {
    let (width, words) = (configuration.width, configuration.vocabularySize)
    let (table, head) = (tokenEmbedding, self.head)
    let isTied = configuration.isHeadTied
    let embedding = WeightSink("wte.weight", [words, width]) { rows, values in
      table.copy(values, toRow: rows.lowerBound, width: width)
      if isTied { head.setOutputs(rows, from: values) }
    }
    let untied =
      isTied
      ? []
      : [
        WeightSink(configuration.headName, [configuration.logitCount, width]) { rows, values in
          head.setOutputs(rows, from: values)
        }
      ]
    return [embedding] + untied
      + [WeightSink("wpe.weight", positionEmbedding, width: width)]
      + WeightSink.norm("ln_f", finalNorm)
      + blocks.indices.flatMap { sinks(ofLayer: $0) }
  }

  private func sinks(ofLayer layer: Int) -> [WeightSink] {
    let block = blocks[layer]
    // Attention divides scores by the root of a head's channels; anything else is in the queries.
    let factor =
      configuration.attentionScale(inLayer: layer) * Double(configuration.headWidth).squareRoot()
    let queries = (count: configuration.width, factor: Float(factor))
    return WeightSink.norm("h.\(layer).ln_1", block.attentionNorm)
      + WeightSink.linear("h.\(layer).attn.c_attn", block.attention, scaling: queries)
      + WeightSink.linear("h.\(layer).attn.c_proj", block.attentionOutput)
      + WeightSink.norm("h.\(layer).ln_2", block.hiddenNorm)
      + WeightSink.linear("h.\(layer).mlp.c_fc", block.hidden)
      + WeightSink.linear("h.\(layer).mlp.c_proj", block.hiddenOutput)
  }
}
