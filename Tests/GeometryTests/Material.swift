import Tensors
import TestSupport
import Testing

/// Kinds of element pairs, each of which exercises another part of the kernels.
enum Material: String, CaseIterable, CustomTestStringConvertible, Sendable {
  /// Numbers of both signs between 2^-8 and 2^3.
  case ordinary
  /// The whole range of the type; doubles' squares overflow and underflow.
  case anyFinite
  /// The second is a few codes away from the first.
  case near
  case equal
  /// +0 and −0.
  case zeros
  case subnormals
  /// The three least magnitudes, of both signs.
  case aroundZero
  /// x and −x.
  case opposite
  /// Ordinary, but every 5000th or so is NaN or infinite.
  case nonfinite
  /// Equal zeros and, now and then, a least magnitude.
  case almostZero

  var testDescription: String { rawValue }

  /// Two arrays of elements.
  func pair(_ dtype: DType, count: Int, seed: UInt64) -> (a: [UInt8], b: [UInt8]) {
    var codes = Codes(dtype, seed: seed)
    var (a, b) = ([UInt8](), [UInt8]())
    for _ in 0..<count {
      let (x, y) = codes.pair(self)
      for byte in 0..<UInt64(dtype.byteCount) {
        a.append(UInt8(truncatingIfNeeded: x >> (8 * byte)))
        b.append(UInt8(truncatingIfNeeded: y >> (8 * byte)))
      }
    }
    return (a, b)
  }
}

/// Random codes of a floating-point type.
private struct Codes {
  private let sign: UInt64
  private let exponentMask: UInt64
  private let fractionBits: Int
  private var generator: SeededGenerator

  init(_ dtype: DType, seed: UInt64) {
    let fractions: [DType: Int] = [.float64: 52, .float32: 23, .float16: 10, .bfloat16: 7]
    fractionBits = fractions[dtype] ?? 0
    sign = 1 << UInt64(dtype.byteCount * 8 - 1)
    exponentMask = ((sign - 1) >> UInt64(fractionBits)) << UInt64(fractionBits)
    generator = SeededGenerator(seed: seed)
  }

  mutating func pair(_ material: Material) -> (UInt64, UInt64) {
    switch material {
    case .ordinary: return (ordinary(), ordinary())
    case .anyFinite: return (finite(), finite())
    case .near:
      let code = ordinary()
      return (code, code &+ random(below: 7) &- 3)
    case .equal:
      let code = ordinary()
      return (code, code)
    case .zeros: return (anySign(0), anySign(0))
    case .subnormals:
      return (anySign(random(below: 1 << fractionBits)), anySign(random(below: 1 << fractionBits)))
    case .aroundZero: return (anySign(random(below: 3)), anySign(random(below: 3)))
    case .opposite:
      let code = random(below: 2) == 0 ? anySign(random(below: 3)) : ordinary()
      return (code, code ^ sign)
    case .nonfinite: return (rarelySpecial(), rarelySpecial())
    case .almostZero: return (random(below: 3000) == 0 ? anySign(1) : 0, 0)
    }
  }

  private mutating func random(below limit: Int) -> UInt64 {
    UInt64.random(in: 0..<UInt64(limit), using: &generator)
  }

  private mutating func anySign(_ code: UInt64) -> UInt64 { random(below: 2) * sign | code }

  private mutating func finite() -> UInt64 {
    let code = generator.next() & (sign - 1 | sign)
    return code & exponentMask == exponentMask ? code ^ exponentMask : code
  }

  private mutating func ordinary() -> UInt64 {
    let one = exponentMask >> 1 & exponentMask
    let exponent = one - (8 << fractionBits) + (random(below: 11) << fractionBits)
    return anySign(exponent | random(below: 1 << fractionBits))
  }

  private mutating func rarelySpecial() -> UInt64 {
    guard random(below: 10_000) == 0 else { return ordinary() }
    return anySign(exponentMask | random(below: 2))
  }
}
