import Tensors
import Threads

/// What becomes of the elements of one tensor.
struct WeightSink: Sendable {
  let name: TensorName
  let extents: [Int]
  /// Columns of each row that are multiplied by a factor first.
  var scaling: (count: Int, factor: Float) = (0, 1)
  private let store: @Sendable (Range<Int>, UnsafeBufferPointer<Float>) -> Void

  /// Elements that are read at once, and what the rows of a piece are a multiple of: packed
  /// matrices keep rows together, and no two threads shall write to the same of them.
  private static let pieceLength = 1 << 18
  private static let rowsTogether = 64

  init(
    _ name: TensorName, _ extents: [Int],
    _ store: @escaping @Sendable (Range<Int>, UnsafeBufferPointer<Float>) -> Void
  ) {
    (self.name, self.extents, self.store) = (name, extents, store)
  }

  /// A table of rows that are looked up.
  init(_ name: TensorName, _ table: AlignedBuffer<Float>, width: Int) {
    self.init(name, [table.count / width, width]) { rows, values in
      table.copy(values, toRow: rows.lowerBound, width: width)
    }
  }

  static func norm(_ name: String, _ norm: Norm) -> [WeightSink] {
    [vector("\(name).weight", norm.weight), vector("\(name).bias", norm.bias)]
  }

  /// A matrix that is stored as [inputs, outputs], and its bias.
  static func linear(
    _ name: String, _ linear: Linear, scaling: (count: Int, factor: Float) = (0, 1)
  ) -> [WeightSink] {
    let matrix = linear.weight
    let extents = [matrix.inputs, matrix.outputs]
    return [
      WeightSink(TensorName("\(name).weight"), extents) { matrix.setInputs($0, from: $1) },
      vector("\(name).bias", linear.bias),
    ].map { sink in
      var sink = sink
      sink.scaling = scaling
      return sink
    }
  }

  /// A matrix that is stored as [outputs, inputs], and its bias: all of a linear layer, or one of
  /// several equal parts of its outputs.
  static func transposed(
    _ name: String, _ linear: Linear, part: Int = 0, of parts: Int = 1
  ) -> [WeightSink] {
    let (matrix, bias, count) = (linear.weight, linear.bias, linear.bias.count / parts)
    return [
      WeightSink(TensorName("\(name).weight"), [count, matrix.inputs]) { rows, values in
        let first = part * count
        matrix.setOutputs(rows.lowerBound + first..<rows.upperBound + first, from: values)
      },
      WeightSink(TensorName("\(name).bias"), [count]) { _, values in
        bias.copy(values, toRow: part, width: count)
      },
    ]
  }

  /// A vector is one row.
  private static func vector(_ name: String, _ buffer: AlignedBuffer<Float>) -> WeightSink {
    WeightSink(TensorName(name), [buffer.count]) { _, values in
      buffer.copy(values, toRow: 0, width: 0)
    }
  }

  /// Refuses weights that lack the tensor, or have it in another shape.
  func requireShape(in weights: some StateDict) throws {
    let found = weights.shape(of: name)
    guard found?.dimensions != extents else { return }
    throw ModelError(
      found == nil ? .missing : .mismatch, in: weights.path, tensor: name,
      "\(found.map { "its shape is \($0)" } ?? "is missing"), and should be of shape "
        + Shape.list(extents))
  }

  private var width: Int { extents[extents.count - 1] }
  private var rowCount: Int { extents.count == 1 ? 1 : extents[0] }
  var elementCount: Int { rowCount * width }

  /// The rows that are read at once.
  var pieces: [Range<Int>] {
    let together = WeightSink.rowsTogether
    let step = max(WeightSink.pieceLength / width / together, 1) * together
    return stride(from: 0, to: rowCount, by: step).map { $0..<min($0 + step, rowCount) }
  }

  /// Reads rows, and puts them where they belong.
  ///
  /// - Returns: how many elements are NaN or infinite.
  func fill(_ rows: Range<Int>, from weights: some StateDict) throws -> Int {
    let elements = rows.lowerBound * width..<rows.upperBound * width
    return try withUnsafeTemporaryAllocation(of: Float.self, capacity: elements.count) { values in
      try weights.read(name, elements: elements, into: values)
      if scaling.factor != 1 { scale(values) }
      store(rows, UnsafeBufferPointer(values))
      return values.reduce(0) { $0 + ($1.isFinite ? 0 : 1) }
    }
  }

  private func scale(_ values: UnsafeMutableBufferPointer<Float>) {
    for row in stride(from: 0, to: values.count, by: width) {
      for column in row..<row + scaling.count { values[column] *= scaling.factor }
    }
  }
}

/// Fills a model with weights.
///
/// - Parameters:
///   - sinks: where each tensor goes.
///   - weights: has the tensors.
///   - threads: how many read at once, at least 1.
/// - Throws: ``ModelError`` if a tensor is missing, has another shape, or holds NaN or infinities;
///   what the weights throw where they cannot be read.
func fill(_ sinks: [WeightSink], from weights: some StateDict, threads: Int) throws {
  for sink in sinks { try sink.requireShape(in: weights) }
  let pieces = sinks.indices.flatMap { index in
    sinks[index].pieces.map { (sink: index, rows: $0) }
  }
  let nonfinite = try concurrentMap(pieces.count, threads: threads) { index in
    try sinks[pieces[index].sink].fill(pieces[index].rows, from: weights)
  }
  var counts = [Int](repeating: 0, count: sinks.count)
  for (piece, count) in zip(pieces, nonfinite) { counts[piece.sink] += count }
  guard let faulty = counts.firstIndex(where: { $0 > 0 }) else { return }
  throw ModelError(
    .nonfinite, in: weights.path, tensor: sinks[faulty].name,
    "\(counts[faulty]) of its \(sinks[faulty].elementCount) weights are NaN, infinite or beyond "
      + "binary32")
}

extension AlignedBuffer<Float> {
  /// Copies rows to where they belong.
  func copy(_ values: UnsafeBufferPointer<Float>, toRow row: Int, width: Int) {
    guard let first = values.baseAddress else { return }
    (pointer + row * width).update(from: first, count: values.count)
  }
}
