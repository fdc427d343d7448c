import CLayers

/// The pass back: from the gradient by what goes into the output head to that by every parameter.
extension GPT2Pass {
  /// Adds the gradients by all parameters but those of an untied output head.
  ///
  /// - Parameter gradient: added to.
  func backward(addingTo gradient: ModelParameters) {
    spread(gradient)
    for index in tape.layers.indices.reversed() {
      feedBackward(index, gradient)
      attendBackward(index, gradient)
    }
    embedBackward(gradient)
  }

  /// Goes back through the last normalization, to all positions of the stream.
  private func spread(_ gradient: ModelParameters) {
    let (kept, stream) = (batch.kept.count, tape.streamGradient.pointer)
    tape.branch.pointer.update(repeating: 0, count: kept * width)
    normalizeBackward(
      tape.kept, tape.inputGradient, "ln_f", rows: kept, gradient, addingTo: tape.branch)
    stream.update(repeating: 0, count: positions * width)
    for (row, position) in batch.kept.enumerated() {
      (stream + position * width).update(from: tape.branch.pointer + row * width, count: width)
    }
  }

  private func feedBackward(_ index: Int, _ gradient: ModelParameters) {
    let (layer, name, inner) = (tape.layers[index], "h.\(index).mlp", configuration.innerWidth)
    let slope = branchGradient(dropout(at: .hiddenOutput(layer: index)))
    differentiate(
      "\(name).c_proj", layer.activated, slope, gradient, into: tape.wideGradient
    ) { tile in
      for row in tile.rows {
        let first = row * inner + tile.columns.lowerBound
        activateBackward(
          layer.hidden.pointer + first, tape.wideGradient.pointer + first,
          count: tile.columns.count, by: configuration.activation)
      }
    }
    differentiate(
      "\(name).c_fc", layer.hiddenInput, tape.wideGradient, gradient, into: tape.inputGradient)
    normalizeBackward(
      layer.middle, tape.inputGradient, "h.\(index).ln_2", rows: positions, gradient,
      addingTo: tape.streamGradient)
  }

  private func attendBackward(_ index: Int, _ gradient: ModelParameters) {
    let (layer, name) = (tape.layers[index], "h.\(index).attn")
    let slope = branchGradient(dropout(at: .attentionOutput(layer: index)))
    differentiate("\(name).c_proj", layer.gathered, slope, gradient, into: tape.inputGradient)
    forEachHead(ofLayer: index) { head, first in
      let (row, channel) = (first / width, first % width)
      head.backward(
        tape.inputGradient.pointer + first,
        into: tape.wideGradient.pointer + row * 3 * width + channel)
    }
    differentiate(
      "\(name).c_attn", layer.attentionInput, tape.wideGradient, gradient,
      into: tape.inputGradient)
    normalizeBackward(
      layer.input, tape.inputGradient, "h.\(index).ln_1", rows: positions, gradient,
      addingTo: tape.streamGradient)
  }

  /// Each thread takes some channels of all positions in their order, since tokens repeat.
  private func embedBackward(_ gradient: ModelParameters) {
    let stream = tape.streamGradient.pointer
    let dropout = dropout(at: .embedding)
    let (tokens, places) = (gradient["wte.weight"].start, gradient["wpe.weight"].start)
    team.forEachPiece(of: width, length: 64) { channels in
      for row in 0..<positions {
        let slope = stream + row * width
        dropout.apply(
          slope + channels.lowerBound, first: row * width + channels.lowerBound,
          count: channels.count)
        let token = tokens + Int(batch.tokens[row]) * width
        let place = places + batch.positions[row] * width
        for channel in channels {
          token[channel] += slope[channel]
          place[channel] += slope[channel]
        }
      }
    }
  }

  /// The gradient by what a half of a layer gives, before dropout: that by the stream.
  private func branchGradient(_ dropout: Dropout) -> AlignedBuffer<Float> {
    guard dropout.isActive else { return tape.streamGradient }
    team.forEachPiece(of: positions, length: LayerTeam.rowsAtOnce) { rows in
      let (first, count) = (rows.lowerBound * width, rows.count * width)
      let target = tape.branch.pointer + first
      target.update(from: tape.streamGradient.pointer + first, count: count)
      dropout.apply(target, first: first, count: count)
    }
    return tape.branch
  }

  /// Goes back through y = x w + bias.
  ///
  ///     dw += xᵀ dy,   dbias += Σ_p dy[p],   dx = dy wᵀ
  ///
  /// - Parameters:
  ///   - name: of the layer.
  ///   - x: [positions, inputs].
  ///   - dy: [positions, outputs].
  ///   - gradient: takes dw and dbias.
  ///   - dx: [positions, inputs]; overwritten.
  ///   - after: takes tiles of dx.
  private func differentiate(
    _ name: String, _ x: AlignedBuffer<Float>, _ dy: AlignedBuffer<Float>,
    _ gradient: ModelParameters, into dx: AlignedBuffer<Float>, after: (Tile) -> Void = { _ in }
  ) {
    let (linear, sums) = (parameters.linear(name), gradient.linear(name))
    let slope = Factor(elements: dy.pointer, stride: linear.outputs)
    team.multiply(
      Factor(elements: x.pointer, stride: linear.inputs).transposed, slope, rows: linear.inputs,
      columns: linear.outputs, inner: positions, adding: true, into: sums.weight.start)
    team.addRows(of: dy.pointer, rows: positions, to: sums.bias)
    team.multiply(
      slope, linear.factor().transposed, rows: positions, columns: linear.inputs,
      inner: linear.outputs, adding: false, into: dx.pointer, after: after)
  }

  /// Goes back through a normalization; sums over positions are taken in chunks of a fixed length.
  private func normalizeBackward(
    _ x: AlignedBuffer<Float>, _ dy: AlignedBuffer<Float>, _ name: String, rows: Int,
    _ gradient: ModelParameters, addingTo dx: AlignedBuffer<Float>
  ) {
    let (weight, sums) = (parameters.norm(name).weight, gradient.norm(name))
    let partial = tape.partialSums.pointer
    let length = GPT2Tape.chunkLength
    team.forEachPiece(of: rows, length: length) { rows in
      let first = rows.lowerBound * width
      let chunk = partial + rows.lowerBound / length * 2 * width
      chunk.update(repeating: 0, count: 2 * width)
      layer_loops.best.normalize_backward(
        x.pointer + first, dy.pointer + first, rows.count, width, weight, epsilon,
        dx.pointer + first, chunk, chunk + width)
    }
    let chunks = (rows + length - 1) / length
    layer_loops.best.add_rows(partial, chunks, 2 * width, width, sums.weight)
    layer_loops.best.add_rows(partial + width, chunks, 2 * width, width, sums.bias)
  }
}

/// The pass back through an activation: dy[i] is multiplied by the slope at x[i].
///
/// The slope of max(x, 0) is 0 at 0.
///
/// - Parameters:
///   - x: [count], before the activation.
///   - dy: [count]; the gradient by what came out, overwritten by that by x.
///   - count: the number of elements; may be 0.
///   - kind: the function.
public func activateBackward(
  _ x: UnsafePointer<Float>, _ dy: UnsafeMutablePointer<Float>, count: Int, by kind: Activation
) {
  switch kind {
  case .tanh: layer_loops.best.gelu_tanh_backward(x, dy, count)
  case .erf: layer_loops.best.gelu_erf_backward(x, dy, count)
  case .relu: layer_loops.best.relu_backward(x, dy, count)
  }
}
