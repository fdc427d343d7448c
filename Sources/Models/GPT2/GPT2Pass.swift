/// One batch on its way through a GPT-2; the pass back is in `GPT2Backward.swift`.
struct GPT2Pass: TrainingPass {
  let configuration: GPT2Configuration
  let parameters: ModelParameters
  let batch: TokenBatch
  let tape: TrainingTape
  let team: LayerTeam
  let dropout: DropoutRates
  let seed: DropoutSeed

  static let storesTransposed = false

  /// Queries, keys and values of a position lie one behind another.
  var queryLayout: (stride: Int, part: Int) { (3 * width, width) }

  func head(of parameters: ModelParameters) -> ModelParameters.Linear {
    ModelParameters.Linear(
      weight: parameters[configuration.headName], bias: nil, outputs: configuration.logitCount,
      isTransposed: true)
  }

  /// The embeddings.
  var lookUps: [LookUp] {
    [
      LookUp(table: "wte.weight", rows: batch.tokens.map { Int($0) }),
      LookUp(table: "wpe.weight", rows: batch.positions),
    ]
  }

  /// Leaves the activations of all layers on the tape, and what goes into the head.
  func forward() {
    let stream = tape.layers.first?.input ?? tape.output
    add(lookUps, into: stream.pointer)
    drop(stream, rows: positions, dropout(at: .embedding))
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

  private func attend(_ index: Int) {
    let layer = tape.layers[index]
    normalize(layer.input, "h.\(index).ln_1", rows: positions, into: layer.attentionNorm)
    project(
      layer.attentionNorm.pointer, by: linear("h.\(index).attn.c_attn", of: parameters),
      rows: positions, into: layer.qkv.pointer)
    forEachHead(ofLayer: index) { head, channels, _ in
      head.forward(into: layer.gathered.pointer + channels)
    }
    extend(
      layer.input, by: layer.gathered, "h.\(index).attn.c_proj",
      dropout(at: .attentionOutput(layer: index)), rows: positions, into: layer.middle)
  }

  private func feed(_ index: Int) {
    let layer = tape.layers[index]
    normalize(layer.middle, "h.\(index).ln_2", rows: positions, into: layer.hiddenNorm)
    hide(layer.hiddenNorm, by: "h.\(index).mlp.c_fc", in: layer, rows: positions)
    extend(
      layer.middle, by: layer.activated, "h.\(index).mlp.c_proj",
      dropout(at: .hiddenOutput(layer: index)), rows: positions, into: output(ofLayer: index))
  }
}
