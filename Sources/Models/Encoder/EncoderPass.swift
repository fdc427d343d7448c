import Glibc

/// One batch on its way through an encoder with its head; the pass back is in
/// `EncoderBackward.swift`.
///
/// Behind attention the last layer goes on with first tokens alone, from which classes are told.
struct EncoderPass: TrainingPass {
  let configuration: EncoderConfiguration
  let parameters: ModelParameters
  let batch: TokenBatch
  let tape: TrainingTape
  let team: LayerTeam
  let dropout: DropoutRates
  let seed: DropoutSeed

  static let storesTransposed = true

  /// Queries, keys and values of all positions lie one behind another.
  var queryLayout: (stride: Int, part: Int) { (width, positions * width) }

  var headNames: (dense: String, output: String) {
    EncoderClassifier.headNames(configuration.family)
  }

  func head(of parameters: ModelParameters) -> ModelParameters.Linear {
    linear(headNames.output, of: parameters)
  }

  /// The embeddings.
  var lookUps: [LookUp] {
    [
      LookUp(table: "embeddings.word_embeddings.weight", rows: batch.tokens.map { Int($0) }),
      LookUp(
        table: "embeddings.token_type_embeddings.weight",
        rows: Array(repeating: 0, count: positions)),
      LookUp(table: "embeddings.position_embeddings.weight", rows: batch.positions),
    ]
  }

  func isLast(_ layer: Int) -> Bool { layer == tape.layers.count - 1 }

  /// The rows of a layer behind attention.
  func rowCount(behindAttentionOf layer: Int) -> Int {
    isLast(layer) ? batch.kept.count : positions
  }

  /// What each projection of a layer is called, and where it begins among queries, keys and values.
  func projections(ofLayer layer: Int) -> [(name: String, first: Int)] {
    ["query", "key", "value"].enumerated().map { part, kind in
      ("encoder.layer.\(layer).attention.self.\(kind)", part * queryLayout.part)
    }
  }

  /// Leaves the activations of all layers on the tape, and what goes into the head.
  func forward() {
    let stream = output(ofLayer: -1)
    add(lookUps, into: stream.pointer)
    normalize(stream, "embeddings.LayerNorm", rows: positions, into: stream)
    drop(stream, rows: positions, dropout(at: .embedding))
    for index in tape.layers.indices {
      attend(index)
      feed(index)
    }
    classify()
  }

  private func attend(_ index: Int) {
    let (layer, name) = (tape.layers[index], "encoder.layer.\(index).attention.output")
    for (projection, first) in projections(ofLayer: index) {
      project(
        layer.input.pointer, by: linear(projection, of: parameters), rows: positions,
        into: layer.qkv.pointer + first)
    }
    forEachHead(ofLayer: index) { head, channels, _ in
      head.forward(into: layer.gathered.pointer + channels)
    }
    let rows = rowCount(behindAttentionOf: index)
    extend(
      goingOn(index), by: layer.gathered, "\(name).dense",
      dropout(at: .attentionOutput(layer: index)), rows: rows, into: layer.attentionNorm)
    normalize(layer.attentionNorm, "\(name).LayerNorm", rows: rows, into: layer.middle)
  }

  /// The rows of the stream that go on behind a layer's attention; those of what it gathered too.
  private func goingOn(_ index: Int) -> AlignedBuffer<Float> {
    let layer = tape.layers[index]
    guard isLast(index) else { return layer.input }
    layer.gathered.keep(batch.kept, width: width)
    for (row, position) in batch.kept.enumerated() {
      (tape.output.pointer + row * width)
        .update(from: layer.input.pointer + position * width, count: width)
    }
    return tape.output
  }

  private func feed(_ index: Int) {
    let (layer, name) = (tape.layers[index], "encoder.layer.\(index)")
    let rows = rowCount(behindAttentionOf: index)
    hide(layer.middle, by: "\(name).intermediate.dense", in: layer, rows: rows)
    extend(
      layer.middle, by: layer.activated, "\(name).output.dense",
      dropout(at: .hiddenOutput(layer: index)), rows: rows, into: layer.hiddenNorm)
    normalize(
      layer.hiddenNorm, "\(name).output.LayerNorm", rows: rows, into: output(ofLayer: index))
  }

  /// The hidden layer of the head.
  private func classify() {
    let rows = batch.kept.count
    if let dropout = inputDropout { drop(tape.output, rows: rows, dropout) }
    project(
      tape.output.pointer, by: linear(headNames.dense, of: parameters), rows: rows,
      into: tape.kept.pointer)
    for place in 0..<rows * width { tape.kept.pointer[place] = tanh(tape.kept.pointer[place]) }
    tape.headInput.pointer.update(from: tape.kept.pointer, count: rows * width)
    drop(tape.headInput, rows: rows, dropout(at: .head(1)))
  }

  /// The dropout before the head's first matrix, which BERT counts to the encoder and has none of.
  var inputDropout: Dropout? {
    configuration.family == .roberta ? dropout(at: .head(0)) : nil
  }
}
