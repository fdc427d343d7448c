import CLayers

/// Steps of the pass back that models share. What is called dz is the gradient by z.
extension TrainingPass {
  /// Leaves the loss of each scored row on the tape, and, if there is to be a gradient, adds that by
  /// the head and leaves that by what goes into it.
  ///
  /// - Parameters:
  ///   - scale: what the loss is multiplied by before it is differentiated.
  ///   - gradient: added to, if any.
  func score(scale: Float, gradient: ModelParameters?) {
    let (head, words) = (head(of: parameters), configuration.logitCount)
    let rowsAtOnce = TrainingTape.rowsAtOnce(configuration, positions: tape.positions)
    for first in stride(from: 0, to: batch.kept.count, by: rowsAtOnce) {
      let rows = min(rowsAtOnce, batch.kept.count - first)
      let input = tape.headInput.pointer + first * width
      project(input, by: head, rows: rows, into: tape.logits.pointer)
      team.forEachPiece(of: rows, length: 4) { piece in
        for row in piece {
          note(row, of: first)
          tape.losses.pointer[first + row] = layer_loops.best.cross_entropy(
            tape.logits.pointer + row * words, words, Int(batch.targets[first + row]), scale)
        }
      }
      guard let gradient else { continue }
      differentiate(
        head, addingTo: self.head(of: gradient), input, tape.logits.pointer, rows: rows,
        into: tape.inputGradient.pointer + first * width)
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

  /// Goes back through the linear layer of a name.
  func differentiate(
    _ name: String, _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int,
    _ gradient: ModelParameters, adding: Bool = false, into dx: UnsafeMutablePointer<Float>,
    after: (Tile) -> Void = { _ in }
  ) {
    differentiate(
      linear(name, of: parameters), addingTo: linear(name, of: gradient), x, dy, rows: rows,
      adding: adding, into: dx, after: after)
  }

  /// Goes back through y = x w + bias.
  ///
  ///     dw += xᵀ dy,   dbias += Σ_p dy[p],   dx = dy wᵀ  or  dx += dy wᵀ
  ///
  /// - Parameters:
  ///   - linear: w and bias.
  ///   - sums: take dw and dbias.
  ///   - x: [rows, inputs].
  ///   - dy: [rows, outputs].
  ///   - rows: at least 1.
  ///   - adding: whether to add to dx.
  ///   - dx: [rows, inputs].
  ///   - after: takes tiles of dx.
  func differentiate(
    _ linear: ModelParameters.Linear, addingTo sums: ModelParameters.Linear,
    _ x: UnsafePointer<Float>, _ dy: UnsafePointer<Float>, rows: Int, adding: Bool = false,
    into dx: UnsafeMutablePointer<Float>, after: (Tile) -> Void = { _ in }
  ) {
    let (inputs, outputs) = (linear.inputs, linear.outputs)
    let (input, slope) = (
      Factor(elements: x, stride: inputs), Factor(elements: dy, stride: outputs)
    )
    let (left, right) = linear.isTransposed ? (slope, input) : (input, slope)
    team.multiply(
      left.transposed, right, rows: left.stride, columns: right.stride, inner: rows, adding: true,
      into: sums.weight.start)
    if let bias = sums.bias { team.addRows(of: dy, rows: rows, to: bias) }
    team.multiply(
      slope, linear.factor.transposed, rows: rows, columns: inputs, inner: outputs, adding: adding,
      into: dx, after: after)
  }

  /// Goes back through a hidden layer between two matrices.
  ///
  /// - Parameters:
  ///   - names: of what makes it, and of what reads it.
  ///   - layer: has it.
  ///   - x: what went in, [rows, channels].
  ///   - dy: [rows, channels].
  ///   - rows: at least 1.
  ///   - gradient: takes the parameters'.
  ///   - adding: whether to add to dx.
  ///   - dx: [rows, channels]; may be dy.
  func hideBackward(
    _ names: (into: String, out: String), in layer: TrainingTape.Layer, _ x: AlignedBuffer<Float>,
    _ dy: AlignedBuffer<Float>, rows: Int, _ gradient: ModelParameters, adding: Bool = false,
    into dx: AlignedBuffer<Float>
  ) {
    let (inner, wide) = (configuration.innerWidth, tape.wideGradient.pointer)
    differentiate(
      names.out, layer.activated.pointer, dy.pointer, rows: rows, gradient, into: wide
    ) { tile in
      for row in tile.rows {
        let first = row * inner + tile.columns.lowerBound
        activateBackward(
          layer.hidden.pointer + first, wide + first, count: tile.columns.count,
          by: configuration.activation)
      }
    }
    differentiate(
      names.into, x.pointer, wide, rows: rows, gradient, adding: adding, into: dx.pointer)
  }

  /// The gradient by what a half of a layer gives, before dropout: that by what it is added to.
  func branchGradient(
    _ slope: AlignedBuffer<Float>, rows: Int, _ dropout: Dropout
  ) -> AlignedBuffer<Float> {
    guard dropout.isActive else { return slope }
    team.forEachPiece(of: rows, length: LayerTeam.rowsAtOnce) { rows in
      let (first, count) = (rows.lowerBound * width, rows.count * width)
      let target = tape.branch.pointer + first
      target.update(from: slope.pointer + first, count: count)
      dropout.apply(target, first: first, count: count)
    }
    return tape.branch
  }

  /// Goes back through a normalization; sums over rows are taken in chunks of a fixed length.
  ///
  /// - Parameters:
  ///   - x: what went in, [rows, channels].
  ///   - dy: [rows, channels].
  ///   - name: of the normalization.
  ///   - rows: may be 0.
  ///   - gradient: takes the parameters'.
  ///   - adding: whether to add to dx.
  ///   - dx: [rows, channels]; apart from dy.
  func normalizeBackward(
    _ x: AlignedBuffer<Float>, _ dy: AlignedBuffer<Float>, _ name: String, rows: Int,
    _ gradient: ModelParameters, adding: Bool, into dx: AlignedBuffer<Float>
  ) {
    let (weight, sums) = (parameters.norm(name).weight, gradient.norm(name))
    let partial = tape.partialSums.pointer
    let length = TrainingTape.chunkLength
    team.forEachPiece(of: rows, length: length) { rows in
      let first = rows.lowerBound * width
      let chunk = partial + rows.lowerBound / length * 2 * width
      chunk.update(repeating: 0, count: 2 * width)
      if !adding { (dx.pointer + first).update(repeating: 0, count: rows.count * width) }
      layer_loops.best.normalize_backward(
        x.pointer + first, dy.pointer + first, rows.count, width, weight, epsilon,
        dx.pointer + first, chunk, chunk + width)
    }
    let chunks = (rows + length - 1) / length
    layer_loops.best.add_rows(partial, chunks, 2 * width, width, sums.weight)
    layer_loops.best.add_rows(partial + width, chunks, 2 * width, width, sums.bias)
  }

  /// Adds the gradient by sums of rows to the tables that they are of.
  ///
  /// Each thread takes some channels of all positions in their order, since rows repeat.
  func addBackward(
    _ slope: AlignedBuffer<Float>, to lookUps: [LookUp], _ gradient: ModelParameters
  ) {
    let tables = lookUps.map { (start: gradient[$0.table].start, rows: $0.rows) }
    team.forEachPiece(of: width, length: 64) { channels in
      for row in 0..<positions {
        let change = slope.pointer + row * width
        for (start, found) in tables {
          let target = start + found[row] * width
          for channel in channels { target[channel] += change[channel] }
        }
      }
    }
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
