/// A matrix and what is added to its products.
struct Linear {
  let weight: PackedMatrix
  let bias: AlignedBuffer<Float>

  init(_ inputs: Int, _ outputs: Int, _ precision: Precision) {
    weight = PackedMatrix(inputs: inputs, outputs: outputs, precision: precision)
    bias = AlignedBuffer(count: outputs)
  }

  /// The memory that it takes.
  var byteCount: Int { weight.byteCount + bias.count * MemoryLayout<Float>.stride }
}

/// What channels are scaled and shifted by once they are normalized.
struct Norm {
  let weight: AlignedBuffer<Float>
  let bias: AlignedBuffer<Float>

  init(channels: Int) {
    weight = AlignedBuffer(count: channels)
    bias = AlignedBuffer(count: channels)
  }
}
