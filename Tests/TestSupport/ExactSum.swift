/// A sum without rounding errors, rounded once when it is read.
///
/// Source: Shewchuk 1997, "Adaptive Precision Floating-Point Arithmetic and Fast Robust
/// Geometric Predicates", section 2.4; rounded as Python's `math.fsum` does.
public struct ExactSum {
  /// Doubles that do not overlap, the smallest first; their exact sum is the sum.
  private var partials: [Double] = []

  /// The sum of nothing.
  public init() {}

  /// Adds a finite number.
  ///
  /// - Parameter term: what to add.
  public mutating func add(_ term: Double) {
    var (carry, kept) = (term, 0)
    for partial in partials {
      let (sum, error) = ExactSum.exactly(carry, plus: partial)
      if error != 0 {
        partials[kept] = error
        kept += 1
      }
      carry = sum
    }
    partials.removeSubrange(kept...)
    partials.append(carry)
  }

  /// Adds the exact product of two numbers, if neither it nor its rounding error underflows.
  ///
  /// - Parameters:
  ///   - x: a factor.
  ///   - y: the other.
  public mutating func add(_ x: Double, times y: Double) {
    let product = x * y
    add(product)
    add((-product).addingProduct(x, y))
  }

  /// Adds the exact square of a difference.
  ///
  /// - Parameters:
  ///   - x: a finite number.
  ///   - y: what to take from it.
  public mutating func add(squareOf x: Double, minus y: Double) {
    let (difference, error) = ExactSum.exactly(x, plus: -y)
    add(difference, times: difference)
    add(2 * difference, times: error)
    add(error, times: error)
  }

  /// The sum, rounded to the nearest double, ties to even.
  public var value: Double {
    var rest = partials[...]
    guard var sum = rest.popLast() else { return 0 }
    while let partial = rest.popLast() {
      let (total, error) = ExactSum.exactly(sum, plus: partial)
      sum = total
      guard error != 0 else { continue }
      // A tie is no tie if what remains has the sign of the error.
      if let next = rest.last, (error < 0) == (next < 0), next != 0 {
        let doubled = 2 * error
        let corrected = sum + doubled
        if corrected - sum == doubled { sum = corrected }
      }
      break
    }
    return sum
  }

  private static func exactly(_ x: Double, plus y: Double) -> (sum: Double, error: Double) {
    let (large, small) = x.magnitude >= y.magnitude ? (x, y) : (y, x)
    let sum = large + small
    return (sum, small - (sum - large))
  }
}
