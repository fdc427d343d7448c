/// A small generator of repeatable numbers, for tests only.
///
/// Source: Steele, Lea & Flood 2014, "Fast Splittable Pseudorandom Number Generators".
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// The exact sum of doubles, rounded once, as a list of parts that do not overlap.
///
/// Source: Shewchuk 1997, "Adaptive Precision Floating-Point Arithmetic".
struct ExactSum {
  private var parts: [Double] = []

  mutating func add(_ term: Double) {
    var (rest, kept) = (term, [Double]())
    for part in parts {
      let sum = rest + part
      let virtual = sum - rest
      let error = (rest - (sum - virtual)) + (part - virtual)
      if error != 0 { kept.append(error) }
      rest = sum
    }
    parts = kept + [rest]
  }

  /// Adds a product exactly: its rounding error is a double too.
  mutating func addProduct(_ x: Double, _ y: Double) {
    let product = x * y
    add(product)
    add((-product).addingProduct(x, y))
  }

  var value: Double { parts.reversed().reduce(0, +) }
}
