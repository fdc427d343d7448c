import Tensors
import Threads

extension GPT2 {
  /// Fills the model with weights.
  ///
  /// Where it throws, some weights are new and others old.
  ///
  /// - Parameters:
  ///   - weights: has the tensors of the configuration.
  ///   - threads: how many read at once, at least 1; each takes 1 MiB besides the model.
  /// - Throws: ``ModelError`` if a tensor is missing, has another shape, or holds NaN or infinities;
  ///   what the weights throw where they cannot be read.
  /// - Complexity: one read of every tensor.
  public func load(_ weights: some StateDict, threads: Int) throws {
    path = weights.path
    let sinks = self.sinks
    for sink in sinks { try require(sink, in: weights) }
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
      .nonfinite, in: path, tensor: sinks[faulty].name,
      "\(counts[faulty]) of its \(sinks[faulty].elementCount) weights are NaN, infinite or beyond "
        + "binary32")
  }

  private func require(_ sink: WeightSink, in weights: some StateDict) throws {
    let found = weights.shape(of: sink.name)
    guard found?.dimensions != sink.extents else { return }
    throw ModelError(
      found == nil ? .missing : .mismatch, in: path, tensor: sink.name,
      "\(found.map { "its shape is \($0)" } ?? "is missing"), and should be of shape "
        + Shape.list(sink.extents))
  }

  /// Where each tensor goes.
  private var sinks: [WeightSink] {
    let (width, words) = (configuration.width, configuration.vocabularySize)
    let (table, head) = (tokenEmbedding, self.head)
    let isTied = configuration.isHeadTied
    let embedding = WeightSink("wte.weight", [words, width]) { rows, values in
      table.copy(values, toRow: rows.lowerBound, width: width)
      if isTied { head.setOutputs(rows, from: values) }
    }
    let untied =
      isTied
      ? []
      : [
        WeightSink(GPT2Configuration.headName, [words, width]) { rows, values in
          head.setOutputs(rows, from: values)
        }
      ]
    return [embedding] + untied
      + [WeightSink("wpe.weight", positionEmbedding, width: width)]
      + WeightSink.norm("ln_f", finalNorm)
      + blocks.indices.flatMap { sinks(ofLayer: $0) }
  }

  private func sinks(ofLayer layer: Int) -> [WeightSink] {
    let block = blocks[layer]
    // Attention divides scores by the root of a head's channels; anything else is in the queries.
    let factor =
      configuration.attentionScale(inLayer: layer) * Double(configuration.headWidth).squareRoot()
    let queries = (count: configuration.width, factor: Float(factor))
    return WeightSink.norm("h.\(layer).ln_1", block.attentionNorm)
      + WeightSink.linear("h.\(layer).attn.c_attn", block.attention, scaling: queries)
      + WeightSink.linear("h.\(layer).attn.c_proj", block.attentionOutput)
      + WeightSink.norm("h.\(layer).ln_2", block.hiddenNorm)
      + WeightSink.linear("h.\(layer).mlp.c_fc", block.hidden)
      + WeightSink.linear("h.\(layer).mlp.c_proj", block.hiddenOutput)
  }
}

/// What becomes of the elements of one tensor.
private struct WeightSink: Sendable {
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

  static func norm(_ name: String, _ norm: GPT2.Norm) -> [WeightSink] {
    [vector("\(name).weight", norm.weight), vector("\(name).bias", norm.bias)]
  }

  static func linear(
    _ name: String, _ linear: GPT2.Linear, scaling: (count: Int, factor: Float) = (0, 1)
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

  /// A vector is one row.
  private static func vector(_ name: String, _ buffer: AlignedBuffer<Float>) -> WeightSink {
    WeightSink(TensorName(name), [buffer.count]) { _, values in
      buffer.copy(values, toRow: 0, width: 0)
    }
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

extension AlignedBuffer<Float> {
  /// Copies rows to where they belong.
  fileprivate func copy(_ values: UnsafeBufferPointer<Float>, toRow row: Int, width: Int) {
    guard let first = values.baseAddress else { return }
    (pointer + row * width).update(from: first, count: values.count)
  }
}
