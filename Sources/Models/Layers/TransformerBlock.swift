/// The parameters of one layer of a transformer.
struct TransformerBlock {
  /// Queries, keys and values.
  let attention: Linear
  let attentionOutput: Linear
  let attentionNorm: Norm
  let hidden: Linear
  let hiddenOutput: Linear
  let hiddenNorm: Norm

  init(_ configuration: some LayerExtents, _ precision: Precision) {
    let (width, inner) = (configuration.width, configuration.innerWidth)
    attention = Linear(width, 3 * width, precision)
    attentionOutput = Linear(width, width, precision)
    attentionNorm = Norm(channels: width)
    hidden = Linear(width, inner, precision)
    hiddenOutput = Linear(inner, width, precision)
    hiddenNorm = Norm(channels: width)
  }

  /// The memory that the parameters take.
  var byteCount: Int {
    [attention, attentionOutput, hidden, hiddenOutput].reduce(
      (attentionNorm.weight.count + hiddenNorm.weight.count) * 2 * MemoryLayout<Float>.stride
    ) { $0 + $1.byteCount }
  }
}

extension LayerActivations {
  /// Adds to the stream the product of `x` and a matrix.
  func extend(by linear: Linear, from x: AlignedBuffer<Float>, positions: Int) {
    multiply(
      x.pointer, positions: positions, by: linear.weight, bias: linear.bias.pointer, adding: true,
      into: stream.pointer, scratch: scratch)
  }

  /// Leaves the product of `x` and a matrix in `wide`.
  func widen(by linear: Linear, from x: AlignedBuffer<Float>, positions: Int) {
    multiply(
      x.pointer, positions: positions, by: linear.weight, bias: linear.bias.pointer, adding: false,
      into: wide.pointer, scratch: scratch)
  }

  /// Adds to the stream what the hidden layer makes of `x`.
  func feed(
    _ block: TransformerBlock, from x: AlignedBuffer<Float>, positions: Int, by kind: Activation
  ) {
    widen(by: block.hidden, from: x, positions: positions)
    activate(wide.pointer, count: positions * block.hidden.bias.count, by: kind)
    extend(by: block.hiddenOutput, from: wide, positions: positions)
  }
}
