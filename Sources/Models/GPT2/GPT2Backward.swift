/// The pass back: from the gradient by what goes into the output head to that by every parameter.
extension GPT2Pass {
  /// Adds the gradients by all parameters but those of an untied output head.
  ///
  /// - Parameter gradient: added to.
  func backward(addingTo gradient: ModelParameters) {
    normalizeBackward(
      tape.kept, tape.inputGradient, "ln_f", rows: batch.kept.count, gradient, adding: false,
      into: tape.streamGradient)
    tape.streamGradient.spread(batch.kept, width: width, rows: positions)
    for index in tape.layers.indices.reversed() {
      feedBackward(index, gradient)
      attendBackward(index, gradient)
    }
    drop(tape.streamGradient, rows: positions, dropout(at: .embedding))
    addBackward(tape.streamGradient, to: lookUps, gradient)
  }

  private func feedBackward(_ index: Int, _ gradient: ModelParameters) {
    let (layer, name) = (tape.layers[index], "h.\(index)")
    let slope = branchGradient(
      tape.streamGradient, rows: positions, dropout(at: .hiddenOutput(layer: index)))
    hideBackward(
      ("\(name).mlp.c_fc", "\(name).mlp.c_proj"), in: layer, layer.hiddenNorm, slope,
      rows: positions, gradient, into: tape.inputGradient)
    normalizeBackward(
      layer.middle, tape.inputGradient, "\(name).ln_2", rows: positions, gradient, adding: true,
      into: tape.streamGradient)
  }

  private func attendBackward(_ index: Int, _ gradient: ModelParameters) {
    let (layer, name) = (tape.layers[index], "h.\(index)")
    let slope = branchGradient(
      tape.streamGradient, rows: positions, dropout(at: .attentionOutput(layer: index)))
    differentiate(
      "\(name).attn.c_proj", layer.gathered.pointer, slope.pointer, rows: positions, gradient,
      into: tape.inputGradient.pointer)
    forEachHead(ofLayer: index) { head, channels, queries in
      head.backward(
        tape.inputGradient.pointer + channels, into: tape.wideGradient.pointer + queries)
    }
    differentiate(
      "\(name).attn.c_attn", layer.attentionNorm.pointer, tape.wideGradient.pointer,
      rows: positions, gradient, into: tape.inputGradient.pointer)
    normalizeBackward(
      layer.input, tape.inputGradient, "\(name).ln_1", rows: positions, gradient, adding: true,
      into: tape.streamGradient)
  }
}
