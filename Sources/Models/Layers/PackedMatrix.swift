import CLayers

/// A matrix of weights, [inputs, outputs], packed in panels of columns for products.
///
/// Fill it with ``setInputs(_:from:)`` or ``setOutputs(_:from:)``; what is not set is 0. Threads
/// may fill different ranges, and share it once it is filled.
public final class PackedMatrix: @unchecked Sendable {
  /// The number of rows: elements of each position that is multiplied.
  public let inputs: Int
  /// The number of columns: elements of each product.
  public let outputs: Int
  /// How the weights are held.
  public let precision: Precision

  private let panels: AlignedBuffer<UInt32>

  /// Creates a matrix of zeros.
  ///
  /// - Parameters:
  ///   - inputs: rows, at least 1.
  ///   - outputs: columns, at least 1.
  ///   - precision: how to hold the weights.
  public init(inputs: Int, outputs: Int, precision: Precision) {
    precondition(inputs > 0 && outputs > 0)
    (self.inputs, self.outputs, self.precision) = (inputs, outputs, precision)
    switch precision {
    case .float32: panels = AlignedBuffer(count: packed_size_f32(inputs, outputs))
    case .bfloat16: panels = AlignedBuffer(count: packed_size_bf16(inputs, outputs))
    }
  }

  /// The memory that the packed weights take: those of `outputs` rounded up to a multiple of 32.
  public var byteCount: Int { panels.count * MemoryLayout<UInt32>.stride }

  /// Packs rows, as Conv1D stores its weight: [inputs, outputs].
  ///
  /// - Parameters:
  ///   - range: the rows to set.
  ///   - rows: [range.count, outputs], row-major.
  /// - Precondition: the range lies in the matrix and `rows` has as many elements as it.
  public func setInputs(_ range: Range<Int>, from rows: UnsafeBufferPointer<Float>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= inputs)
    precondition(rows.count == range.count * outputs)
    guard let first = rows.baseAddress, !range.isEmpty else { return }
    switch precision {
    case .float32:
      pack_inputs_f32(first, range.lowerBound, range.count, inputs, outputs, panels.pointer)
    case .bfloat16:
      pack_inputs_bf16(first, range.lowerBound, range.count, inputs, outputs, panels.pointer)
    }
  }

  /// Packs columns, as Linear and embeddings store their weight: [outputs, inputs].
  ///
  /// - Parameters:
  ///   - range: the columns to set.
  ///   - rows: [range.count, inputs], row-major.
  /// - Precondition: the range lies in the matrix and `rows` has as many elements as it.
  public func setOutputs(_ range: Range<Int>, from rows: UnsafeBufferPointer<Float>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= outputs)
    precondition(rows.count == range.count * inputs)
    guard let first = rows.baseAddress, !range.isEmpty else { return }
    switch precision {
    case .float32:
      pack_outputs_f32(first, range.lowerBound, range.count, inputs, outputs, panels.pointer)
    case .bfloat16:
      pack_outputs_bf16(first, range.lowerBound, range.count, inputs, outputs, panels.pointer)
    }
  }

  /// The weight as it is held, rounded if to bfloat16.
  ///
  /// - Parameters:
  ///   - input: less than ``inputs``.
  ///   - output: less than ``outputs``.
  public subscript(input: Int, output: Int) -> Float {
    precondition(0..<inputs ~= input && 0..<outputs ~= output)
    return switch precision {
    case .float32: packed_weight_f32(panels.pointer, inputs, input, output)
    case .bfloat16: packed_weight_bf16(panels.pointer, inputs, input, output)
    }
  }

  /// The weights as the loops take them; valid while the matrix is.
  var packed: packed_weights {
    packed_weights(panels: UnsafeRawPointer(panels.pointer), inputs: inputs, outputs: outputs)
  }
}
