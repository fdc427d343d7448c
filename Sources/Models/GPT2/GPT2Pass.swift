import CLayers

/// One batch on its way through a GPT-2; the pass back is in `GPT2Backward.swift`.
struct GPT2Pass {
  let configuration: GPT2Configuration
  let parameters: ModelParameters
  let batch: TokenBatch
  let tape: GPT2Tape
  let team: LayerTeam
  let dropout: DropoutRates
  let seed: DropoutSeed

  var width: Int { configuration.width }
  var positions: Int { batch.tokens.count }
  var epsilon: Float { Float(configuration.layerNormEpsilon) }

  /// Leaves the activations of all layers on the tape.
  func forward() {
    embed()
    for index in tape.layers.indices {
      attend(index)
      feed(index)
    }
    for (row, position) in batch.kept.enumerated() {
      (tape.kept.pointer + row * width)
        .update(from: tape.output.pointer + position * width, count: width)
    }
    normalize(tape.kept, "ln_f", rows: batch.kept.count, into: tape.headInput)
  }

  /// The arrays of activations that dropout applies to.
  enum Site {
    case embedding
    case attention(layer: Int)
    case attentionOutput(layer: Int)
    case hiddenOutput(layer: Int)

    fileprivate var number: Int {
      switch self {
      case .embedding: 0
      case .attention(let layer): 3 * layer + 1
      case .attentionOutput(let layer): 3 * layer + 2
      case .hiddenOutput(let layer): 3 * layer + 3
      }
    }
  }

  func dropout(at site: Site) -> Dropout {
    let rate =
      switch site {
      case .embedding: dropout.embedding
      case .attention: dropout.attention
      case .attentionOutput, .hiddenOutput: dropout.residual
      }
    return Dropout(rate: rate, seed: seed.seed, step: seed.step, site: site.number)
  }

  /// The residual stream behind a layer.
  func output(ofLayer layer: Int) -> AlignedBuffer<Float> {
    layer + 1 < tape.layers.count ? tape.layers[layer + 1].input : tape.output
  }

  /// Runs `body` for each head of each window.
  ///
  /// - Parameters:
  ///   - layer: its number.
  ///   - body: takes the head, and where its first element is among rows of all channels.
  func forEachHead(
    ofLayer layer: Int, _ body: (_ head: TrainedHead, _ firstElement: Int) -> Void
  ) {
    let (heads, headWidth) = (configuration.headCount, configuration.headWidth)
    let context = configuration.contextLength
    team.forEach(batch.windows.count * heads) { index, worker in
      let (rows, head) = (batch.windows[index / heads], index % heads)
      let qkv = tape.layers[layer].qkv.pointer + rows.lowerBound * 3 * width + head * headWidth
      let trained = TrainedHead(
        qkv: qkv, positions: rows.count, width: width, headWidth: headWidth,
        scale: Float(configuration.attentionScale(inLayer: layer)),
        dropout: dropout(at: .attention(layer: layer)),
        firstWeight: (rows.lowerBound * heads + head) * context, weightStride: heads * context,
        worker: worker)
      body(trained, rows.lowerBound * width + head * headWidth)
    }
  }

  private func embed() {
    let stream = tape.layers.first?.input ?? tape.output
    let dropout = dropout(at: .embedding)
    let (tokens, places) = (parameters["wte.weight"].start, parameters["wpe.weight"].start)
    team.forEachPiece(of: positions, length: LayerTeam.rowsAtOnce) { rows in
      for row in rows {
        let token = tokens + Int(batch.tokens[row]) * width
        let place = places + batch.positions[row] * width
        let target = stream.pointer + row * width
        for channel in 0..<width { target[channel] = token[channel] + place[channel] }
        dropout.apply(target, first: row * width, count: width)
      }
    }
  }

  private func attend(_ index: Int) {
    let layer = tape.layers[index]
    normalize(layer.input, "h.\(index).ln_1", rows: positions, into: layer.attentionInput)
    project(
      layer.attentionInput, by: parameters.linear("h.\(index).attn.c_attn"), into: layer.qkv)
    forEachHead(ofLayer: index) { head, first in
      head.forward(into: layer.gathered.pointer + first)
    }
    extend(
      layer.input, by: layer.gathered, parameters.linear("h.\(index).attn.c_proj"),
      dropout(at: .attentionOutput(layer: index)), into: layer.middle)
  }

  private func feed(_ index: Int) {
    let (layer, inner) = (tape.layers[index], configuration.innerWidth)
    normalize(layer.middle, "h.\(index).ln_2", rows: positions, into: layer.hiddenInput)
    project(
      layer.hiddenInput, by: parameters.linear("h.\(index).mlp.c_fc"), into: layer.hidden
    ) { tile in
      for row in tile.rows {
        let first = row * inner + tile.columns.lowerBound
        let target = layer.activated.pointer + first
        target.update(from: layer.hidden.pointer + first, count: tile.columns.count)
        activate(target, count: tile.columns.count, by: configuration.activation)
      }
    }
    extend(
      layer.middle, by: layer.activated, parameters.linear("h.\(index).mlp.c_proj"),
      dropout(at: .hiddenOutput(layer: index)), into: output(ofLayer: index))
  }

  private func normalize(
    _ x: AlignedBuffer<Float>, _ name: String, rows: Int, into y: AlignedBuffer<Float>
  ) {
    let norm = parameters.norm(name)
    team.forEachPiece(of: rows, length: LayerTeam.rowsAtOnce) { rows in
      let first = rows.lowerBound * width
      layerNorm(
        x.pointer + first, positions: rows.count, channels: width, weight: norm.weight,
        bias: norm.bias, epsilon: epsilon, into: y.pointer + first)
    }
  }

  /// y = x w + bias.
  private func project(
    _ x: AlignedBuffer<Float>, by linear: ModelParameters.Linear, into y: AlignedBuffer<Float>,
    after: (Tile) -> Void = { _ in }
  ) {
    let columns = linear.outputs
    team.multiply(
      Factor(elements: x.pointer, stride: linear.inputs), linear.factor(), rows: positions,
      columns: columns, inner: linear.inputs, adding: true, into: y.pointer,
      before: { tile in
        for row in tile.rows {
          (y.pointer + row * columns + tile.columns.lowerBound)
            .update(from: linear.bias.start + tile.columns.lowerBound, count: tile.columns.count)
        }
      }, after: after)
  }

  /// y = stream + dropout(x w + bias).
  private func extend(
    _ stream: AlignedBuffer<Float>, by x: AlignedBuffer<Float>, _ linear: ModelParameters.Linear,
    _ dropout: Dropout, into y: AlignedBuffer<Float>
  ) {
    project(x, by: linear, into: y) { tile in
      let first = tile.columns.lowerBound
      for row in tile.rows {
        let (target, source) = (y.pointer + row * width, stream.pointer + row * width)
        dropout.apply(target + first, first: row * width + first, count: tile.columns.count)
        for channel in tile.columns { target[channel] += source[channel] }
      }
    }
  }
}

extension GPT2Pass {
  /// Leaves the loss of each scored row on the tape, and, if there is to be a gradient, adds that by
  /// the output head and leaves that by what goes into it.
  ///
  /// - Parameters:
  ///   - scale: what the loss is multiplied by before it is differentiated.
  ///   - gradient: added to, if any.
  func score(scale: Float, gradient: ModelParameters?) {
    let words = configuration.logitCount
    let rowsAtOnce = GPT2Tape.rowsAtOnce(configuration, positions: tape.positions)
    let head = Factor(elements: parameters[configuration.headName].start, stride: width)
    for first in stride(from: 0, to: batch.kept.count, by: rowsAtOnce) {
      let rows = min(rowsAtOnce, batch.kept.count - first)
      let input = Factor(elements: tape.headInput.pointer + first * width, stride: width)
      team.multiply(
        input, head.transposed, rows: rows, columns: words, inner: width, adding: false,
        into: tape.logits.pointer)
      team.forEachPiece(of: rows, length: 4) { piece in
        for row in piece {
          note(row, of: first)
          tape.losses.pointer[first + row] = layer_loops.best.cross_entropy(
            tape.logits.pointer + row * words, words, Int(batch.targets[first + row]), scale)
        }
      }
      guard let gradient else { continue }
      let slope = Factor(elements: tape.logits.pointer, stride: words)
      team.multiply(
        slope, head, rows: rows, columns: width, inner: words, adding: false,
        into: tape.inputGradient.pointer + first * width)
      team.multiply(
        slope.transposed, input, rows: words, columns: width, inner: rows, adding: true,
        into: gradient[configuration.headName].start)
    }
  }

  /// Takes note of whether a row's class has the largest of its logits.
  ///
  /// - Parameters:
  ///   - row: among the logits that are in memory.
  ///   - first: the scored row that their first one belongs to.
  private func note(_ row: Int, of first: Int) {
    guard configuration.classifies else { return }
    let logits = UnsafeBufferPointer(
      start: tape.logits.pointer + row * configuration.logitCount, count: configuration.logitCount)
    tape.hits.pointer[first + row] = largestIndex(logits) == Int(batch.targets[first + row])
  }
}
