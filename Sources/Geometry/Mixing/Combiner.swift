import Checkpoints
import Tensors

/// The elements of θ = Σ cᵢ θᵢ, one tensor of each checkpoint, computed range by range.
///
/// Products and sums are taken in binary64, in the order of the checkpoints, each rounded:
/// ((c₀θ₀ + c₁θ₁) + c₂θ₂) + …; the sum is then rounded once to the type wanted, to the nearest
/// number, ties to even. A checkpoint whose coefficient is 0 takes no part, so neither its NaN nor
/// its signs of zero matter. A tensor that stands alone with coefficient 1, in its own type, keeps
/// its bits.
public struct Combiner: Sendable {
  /// The tensor of one checkpoint that takes part.
  struct Term: Sendable {
    let reader: ElementReader
    let coefficient: Double
  }

  let terms: [Term]
  /// The type of the elements computed.
  public let dtype: DType

  /// Describes a combination.
  ///
  /// - Parameters:
  ///   - records: the tensors, of one shape.
  ///   - coefficients: one for each, finite, not all 0.
  ///   - dtype: the type wanted: a floating-point one, unless a tensor keeps its bits.
  public init(_ records: [TensorRecord], coefficients: [Double], dtype: DType) {
    precondition(records.count == coefficients.count)
    precondition(records.allSatisfy { $0.shape == records[0].shape })
    terms = zip(records, coefficients).filter { $0.1 != 0 }
      .map { Term(reader: ElementReader($0.0), coefficient: $0.1) }
    self.dtype = dtype
    precondition(!terms.isEmpty && (dtype.isFloatingPoint || keepsBits))
  }

  /// Whether the result is one of the tensors as it is.
  var keepsBits: Bool {
    terms.count == 1 && terms[0].coefficient == 1 && terms[0].reader.record.dtype == dtype
  }

  var elementCount: Int { terms[0].reader.record.shape.elementCount }

  /// Bytes of scratch memory for so many elements.
  func scratchByteCount(elements count: Int) -> Int {
    terms.reduce(count * dtype.byteCount) { $0 + $1.reader.scratchByteCount(elements: count) }
  }

  /// Computes a range of elements.
  ///
  /// - Parameters:
  ///   - range: positions in row-major order.
  ///   - scratch: at least ``scratchByteCount(elements:)`` bytes.
  ///   - loops: the C loops to use; the bits do not depend on them.
  /// - Returns: the elements, valid while the files live and `scratch` is not written to, and what
  ///   became of them.
  /// - Throws: `CheckpointError` if a file has shrunk.
  func combine(
    _ range: Range<Int>, scratch: UnsafeMutableRawBufferPointer, by loops: CombinationLoops = .best
  ) throws -> (bytes: UnsafeRawBufferPointer, tally: CombinationTally) {
    let outputLength = range.count * dtype.byteCount
    let output = UnsafeMutableRawBufferPointer(rebasing: scratch[..<outputLength])
    let inputs = try read(range, UnsafeMutableRawBufferPointer(rebasing: scratch[outputLength...]))
    if keepsBits {
      var tally = CombinationTally()
      tally.count = range.count
      return (inputs[0].bytes, tally)
    }
    let sum = WeightedSum(inputs, coefficients: terms.map(\.coefficient), dtype: dtype)
    return (UnsafeRawBufferPointer(output), sum.round(into: output, by: loops))
  }

  private func read(
    _ range: Range<Int>, _ scratch: UnsafeMutableRawBufferPointer
  ) throws -> [Elements] {
    var scratch = scratch
    return try terms.map { term in
      let elements = Elements(
        term.reader.record.dtype, try term.reader.bytes(of: range, scratch: scratch))
      let used = term.reader.scratchByteCount(elements: range.count)
      scratch = UnsafeMutableRawBufferPointer(rebasing: scratch[used...])
      return elements
    }
  }
}
