/// A matrix of weights, [inputs, outputs], packed in panels of columns for products.
///
/// Fill it before use with ``setInputs(_:from:)`` or ``setOutputs(_:from:)``; whatever is not set
/// is 0. Threads may share it once it is filled.
public final class PackedMatrix: @unchecked Sendable {
  /// The number of rows: elements of each position that is multiplied.
  public let inputs: Int
  /// The number of columns: elements of each product.
  public let outputs: Int
  /// How the weights are held.
  public let precision: Precision

  private let weights: AlignedBuffer<Float>

  /// Creates a matrix of zeros.
  ///
  /// - Parameters:
  ///   - inputs: rows, at least 1.
  ///   - outputs: columns, at least 1.
  ///   - precision: how to hold the weights.
  public init(inputs: Int, outputs: Int, precision: Precision) {
    precondition(inputs > 0 && outputs > 0)
    (self.inputs, self.outputs, self.precision) = (inputs, outputs, precision)
    weights = AlignedBuffer(count: inputs * outputs)
  }

  /// The memory that the packed weights take.
  public var byteCount: Int { weights.count * MemoryLayout<Float>.stride }

  /// Packs rows, as Conv1D stores its weight: [inputs, outputs].
  ///
  /// - Parameters:
  ///   - range: the rows to set.
  ///   - rows: [range.count, outputs], row-major.
  /// - Precondition: the range lies in the matrix and `rows` has as many elements as it.
  public func setInputs(_ range: Range<Int>, from rows: UnsafeBufferPointer<Float>) {
    precondition(range.lowerBound >= 0 && range.upperBound <= inputs)
    precondition(rows.count == range.count * outputs)
    for (row, input) in range.enumerated() {
      for output in 0..<outputs { self[input, output] = rows[row * outputs + output] }
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
    for (row, output) in range.enumerated() {
      for input in 0..<inputs { self[input, output] = rows[row * inputs + input] }
    }
  }

  private(set) subscript(input: Int, output: Int) -> Float {
    get { weights.pointer[input * outputs + output] }
    set { weights.pointer[input * outputs + output] = newValue }
  }
}
