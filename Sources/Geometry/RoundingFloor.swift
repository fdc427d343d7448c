import CKernels
import Tensors

/// What rounding to a type does to a tensor, at least.
///
/// A number that was rounded to the nearest is off by anything up to half of the spacing there, so
/// the expected square of its error is (spacing / 2)² / 3; the floor is the sum over all elements.
struct RoundingFloor: Mergeable {
  private(set) var count = 0
  /// Σ of squared powers of two at or below each element.
  private var binades = CompensatedSum()
  /// All fraction bits that any element uses.
  private var usedBits: UInt64 = 0

  mutating func merge(_ later: RoundingFloor) {
    count += later.count
    binades += later.binades
    usedBits |= later.usedBits
  }

  /// Adds doubles.
  ///
  /// - Parameters:
  ///   - values: `count` of them.
  ///   - count: how many.
  ///   - dtype: the type that they are stored in.
  ///   - factor: what they were multiplied by, a power of two.
  ///   - loops: the C loops to use; the bits do not depend on them.
  mutating func add(
    _ values: UnsafePointer<Double>, count: Int, dtype: DType, times factor: Double = 1,
    by loops: difference_loops = .best
  ) {
    var bits = UInt64(0)
    let least = RoundingFloor.leastBinade(dtype) * factor
    binades += loops.squared_binades(values, count, least, &bits)
    usedBits |= bits
    self.count += count
  }

  /// Adds doubles, one at a time: the plain twin of the C loops, with the same bits.
  mutating func addPlainly(_ values: UnsafePointer<Double>, count: Int, dtype: DType) {
    let least = RoundingFloor.leastBinade(dtype)
    var (lanes, bits) = (SIMD8<Double>(), UInt64(0))
    for index in 0..<count {
      let pattern = values[index].bitPattern
      let binade = max(Double(bitPattern: pattern & 0x7FF0_0000_0000_0000), least)
      lanes[index % 8] += binade * binade
      bits |= pattern
    }
    self.count += count
    binades += lanes.pairwiseSum
    usedBits |= bits & 0x000F_FFFF_FFFF_FFFF
  }

  /// The binade whose spacing numbers near zero have.
  private static func leastBinade(_ dtype: DType) -> Double {
    dtype.spacing(around: 0) / dtype.spacing(around: 1)
  }

  /// The fraction bits of the narrowest common type that holds all elements.
  var fractionBits: Int {
    let used = usedBits == 0 ? 0 : 52 - usedBits.trailingZeroBitCount
    return [7, 10, 23].first { used <= $0 } ?? 52
  }

  /// Mean of (spacing / 2)² / 3 in a type.
  ///
  /// - Parameter dtype: the type that all elements are stored in.
  /// - Returns: 0 of no elements.
  func meanSquare(of dtype: DType) -> Double {
    count == 0 ? 0 : square(fractionBits: dtype.fractionBits) / Double(count)
  }

  /// Σ (spacing / 2)² / 3 for numbers of so many fraction bits; for integers, whose spacing is 1,
  /// with `nil`.
  func square(fractionBits: Int?) -> Double {
    guard let fractionBits else { return Double(count) / 12 }
    let ulp = Double(sign: .plus, exponent: -fractionBits, significand: 1)
    return binades.value * ulp * ulp / 12
  }
}

extension DType {
  /// Bits of the fraction, without the leading one; `nil` for integers.
  var fractionBits: Int? { isFloatingPoint ? -Int(spacing(around: 1).exponent) : nil }
}
