import CLayers

/// Multiplies positions by a matrix of weights.
///
///     y[p, o] = Σ_i x[p, i] · w[i, o] + bias[o]      (adding: y[p, o] += …)
///
/// Runs on the calling thread. The bits of a position depend on no other position and not on how
/// many there are; between kinds of processors they may differ.
///
/// - Parameters:
///   - x: [positions, inputs], row-major.
///   - positions: the rows of x and y; may be 0.
///   - w: [inputs, outputs].
///   - bias: [outputs], or none.
///   - adding: whether to add to y what is there, as a residual connection does.
///   - y: [positions, outputs], row-major; apart from x.
///   - scratch: the calling thread's.
/// - Complexity: 2 · positions · inputs · outputs operations.
public func multiply(
  _ x: UnsafePointer<Float>, positions: Int, by w: PackedMatrix, bias: UnsafePointer<Float>?,
  adding: Bool, into y: UnsafeMutablePointer<Float>, scratch: WorkSpace
) {
  layer_loops.best.multiply(
    x, positions: positions, by: w, bias: bias, adding: adding, into: y, scratch: scratch)
}

extension layer_loops {
  func multiply(
    _ x: UnsafePointer<Float>, positions: Int, by w: PackedMatrix, bias: UnsafePointer<Float>?,
    adding: Bool, into y: UnsafeMutablePointer<Float>, scratch: WorkSpace
  ) {
    precondition(positions >= 0)
    self[w.precision].multiply(
      x, positions, w.packed, bias, adding, y, scratch.bytes(product_scratch()))
  }
}
