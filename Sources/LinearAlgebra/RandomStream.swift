import Glibc

/// Random bits that depend on a seed and a stream number only.
///
/// The generator is Philox 4×64 with ten rounds. The key is (seed, stream) and the counter is
/// the number of the block, from 0; a block gives four words, taken first to last. So streams of
/// one seed never overlap, and any thread can make any stream without having made the others.
///
/// Source: Salmon, Moraes, Dror & Shaw 2011, "Parallel Random Numbers: As Easy as 1, 2, 3",
/// section 3.3 and table 2.
public struct RandomStream: RandomNumberGenerator, Sendable {
  private let key: SIMD2<UInt64>
  private var counter = SIMD4<UInt64>()
  private var block = SIMD4<UInt64>()
  private var used = 4
  private var spareNormal: Double?

  /// Creates a stream at its beginning.
  ///
  /// - Parameters:
  ///   - seed: any number; what `--seed` gives.
  ///   - stream: any number; another one for each purpose.
  public init(seed: UInt64, stream: UInt64 = 0) { key = SIMD2(seed, stream) }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    if used == 4 {
      block = philox(counter, key: key)
      counter[0] &+= 1
      used = 0
    }
    defer { used += 1 }
    return block[used]
  }

  /// A whole number less than a bound, each equally likely.
  ///
  /// - Parameter bound: at least 1.
  /// - Returns: a number in 0..<bound.
  /// - Complexity: less than two words on average.
  ///
  /// Source: Lemire 2019, "Fast Random Integer Generation in an Interval", section 4.
  public mutating func next(below bound: Int) -> Int {
    precondition(bound > 0)
    let width = UInt64(bound)
    var (high, low) = width.multipliedFullWidth(by: next())
    if low < width {
      let unfair = (0 &- width) % width
      while low < unfair { (high, low) = width.multipliedFullWidth(by: next()) }
    }
    return Int(high)
  }

  /// An order of 0..<n, each equally likely.
  ///
  /// - Parameter count: n, not negative.
  /// - Returns: a permutation of 0..<n.
  ///
  /// Source: Fisher & Yates as in Knuth, "The Art of Computer Programming" 2, algorithm 3.4.2 P.
  public mutating func permutation(of count: Int) -> [Int] {
    var order = Array(0..<count)
    for last in order.indices.dropFirst().reversed() {
      order.swapAt(last, next(below: last + 1))
    }
    return order
  }

  /// A number from 0, included, to 1, excluded: a multiple of 2^-53, each equally likely.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// A normal number of mean 0 and variance 1.
  ///
  ///     √(−2 ln(1 − u)) · cos 2πv, then √(−2 ln(1 − u)) · sin 2πv, for uniform u and v
  ///
  /// Every second call makes a new pair. No magnitude exceeds 8.6. The last bits are those of the
  /// system's logarithm and cosine.
  ///
  /// Source: Box & Muller 1958, "A Note on the Generation of Random Normal Deviates".
  public mutating func normal() -> Double {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    let radius = (-2 * log(1 - uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform()
    spareNormal = radius * sin(angle)
    return radius * cos(angle)
  }
}

/// Ten rounds of Philox 4×64: a bijection of counters for each key.
///
/// - Parameters:
///   - counter: four words.
///   - key: two words.
/// - Returns: four words.
func philox(_ counter: SIMD4<UInt64>, key: SIMD2<UInt64>) -> SIMD4<UInt64> {
  var (words, key) = (counter, key)
  for _ in 0..<10 {
    let first = words[0].multipliedFullWidth(by: 0xD2E7_470E_E14C_6C93)
    let second = words[2].multipliedFullWidth(by: 0xCA5A_8263_9512_1157)
    words = SIMD4(
      second.high ^ words[1] ^ key[0], second.low, first.high ^ words[3] ^ key[1], first.low)
    key &+= SIMD2(0x9E37_79B9_7F4A_7C15, 0xBB67_AE85_84CA_A73B)
  }
  return words
}
