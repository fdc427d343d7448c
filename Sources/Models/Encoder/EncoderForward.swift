extension TransformerEncoder {
  /// Leaves what the last layer gives for the kept rows in `work.stream`, one row for each.
  func run(_ batch: TokenBatch, in work: LayerActivations) {
    embed(batch, in: work)
    for (layer, block) in blocks.enumerated() {
      attend(block, batch, in: work)
      // Rows that nothing attends to any more and that nobody asks for end here.
      if layer == blocks.count - 1 {
        work.stream.keep(batch.kept, width: configuration.width)
        work.input.keep(batch.kept, width: configuration.width)
        feed(block, positions: batch.kept.count, in: work)
      } else {
        feed(block, positions: batch.tokens.count, in: work)
      }
    }
  }

  private func embed(_ batch: TokenBatch, in work: LayerActivations) {
    let (width, stream) = (configuration.width, work.stream.pointer)
    for row in batch.tokens.indices {
      let word = words.pointer + Int(batch.tokens[row]) * width
      let here = positions.pointer + batch.positions[row] * width
      for channel in 0..<width {
        stream[row * width + channel] = word[channel] + types.pointer[channel] + here[channel]
      }
    }
    normalize(by: norm, positions: batch.tokens.count, in: work)
  }

  /// Leaves what attention gathers in `work.input`.
  private func attend(_ block: TransformerBlock, _ batch: TokenBatch, in work: LayerActivations) {
    let width = configuration.width
    work.widen(by: block.attention, from: work.stream, positions: batch.tokens.count)
    for rows in batch.windows {
      attention(
        qkv: work.wide.pointer + rows.lowerBound * 3 * width, positions: rows.count,
        heads: configuration.headCount, headWidth: configuration.headWidth, reach: .full,
        into: work.input.pointer + rows.lowerBound * width, scratch: work.scratch)
    }
  }

  /// Adds to the stream what attention gathered, and then what the hidden layer makes of it.
  private func feed(_ block: TransformerBlock, positions: Int, in work: LayerActivations) {
    work.extend(by: block.attentionOutput, from: work.input, positions: positions)
    normalize(by: block.attentionNorm, positions: positions, in: work)
    work.feed(block, from: work.stream, positions: positions, by: configuration.activation)
    normalize(by: block.hiddenNorm, positions: positions, in: work)
  }

  private func normalize(by norm: Norm, positions: Int, in work: LayerActivations) {
    layerNorm(
      work.stream.pointer, positions: positions, channels: configuration.width,
      weight: norm.weight.pointer, bias: norm.bias.pointer,
      epsilon: Float(configuration.layerNormEpsilon), into: work.stream.pointer)
  }
}
