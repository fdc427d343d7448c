/// The pass back: from the gradient by what goes into the head's last matrix to that by every
/// parameter.
extension EncoderPass {
  /// Adds the gradients by all parameters but those of the head's last matrix.
  ///
  /// - Parameter gradient: added to.
  func backward(addingTo gradient: ModelParameters) {
    classifyBackward(gradient)
    for index in tape.layers.indices.reversed() {
      feedBackward(index, gradient)
      attendBackward(index, gradient)
    }
    embedBackward(gradient)
  }

  /// Leaves the gradient by first tokens in the stream's.
  private func classifyBackward(_ gradient: ModelParameters) {
    let (rows, slope) = (batch.kept.count, tape.inputGradient)
    drop(slope, rows: rows, dropout(at: .head(1)))
    for place in 0..<rows * width {
      slope.pointer[place] *= 1 - tape.kept.pointer[place] * tape.kept.pointer[place]
    }
    differentiate(
      headNames.dense, tape.output.pointer, slope.pointer, rows: rows, gradient,
      into: tape.streamGradient.pointer)
    if let dropout = inputDropout { drop(tape.streamGradient, rows: rows, dropout) }
  }

  /// From the gradient by a layer's output, the stream's, to that by what attention left, in
  /// `inputGradient`.
  private func feedBackward(_ index: Int, _ gradient: ModelParameters) {
    let (layer, name) = (tape.layers[index], "encoder.layer.\(index)")
    let rows = rowCount(behindAttentionOf: index)
    normalizeBackward(
      layer.hiddenNorm, tape.streamGradient, "\(name).output.LayerNorm", rows: rows, gradient,
      adding: false, into: tape.inputGradient)
    let slope = branchGradient(
      tape.inputGradient, rows: rows, dropout(at: .hiddenOutput(layer: index)))
    hideBackward(
      ("\(name).intermediate.dense", "\(name).output.dense"), in: layer, layer.middle, slope,
      rows: rows, gradient, adding: true, into: tape.inputGradient)
  }

  /// From that to the gradient by a layer's input, the stream's again.
  private func attendBackward(_ index: Int, _ gradient: ModelParameters) {
    let (layer, name) = (tape.layers[index], "encoder.layer.\(index).attention.output")
    let rows = rowCount(behindAttentionOf: index)
    let (stream, wide) = (tape.streamGradient, tape.wideGradient.pointer)
    normalizeBackward(
      layer.attentionNorm, tape.inputGradient, "\(name).LayerNorm", rows: rows, gradient,
      adding: false, into: stream)
    let slope = branchGradient(stream, rows: rows, dropout(at: .attentionOutput(layer: index)))
    differentiate(
      "\(name).dense", layer.gathered.pointer, slope.pointer, rows: rows, gradient,
      into: tape.inputGradient.pointer)
    if isLast(index) {
      tape.inputGradient.spread(batch.kept, width: width, rows: positions)
      stream.spread(batch.kept, width: width, rows: positions)
    }
    forEachHead(ofLayer: index) { head, channels, queries in
      head.backward(tape.inputGradient.pointer + channels, into: wide + queries)
    }
    for (projection, first) in projections(ofLayer: index) {
      differentiate(
        projection, layer.input.pointer, wide + first, rows: positions, gradient, adding: true,
        into: stream.pointer)
    }
  }

  /// The sums of embeddings are computed anew.
  private func embedBackward(_ gradient: ModelParameters) {
    drop(tape.streamGradient, rows: positions, dropout(at: .embedding))
    add(lookUps, into: tape.branch.pointer)
    normalizeBackward(
      tape.branch, tape.streamGradient, "embeddings.LayerNorm", rows: positions, gradient,
      adding: false, into: tape.inputGradient)
    addBackward(tape.inputGradient, to: lookUps, gradient)
  }
}
