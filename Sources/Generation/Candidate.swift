/// A token that may stay.
struct Candidate: Hashable {
  let weight: Float
  let id: Int32

  /// Whether it stays rather than another: one that weighs more, or as much and has a smaller id.
  func precedes(_ other: Candidate) -> Bool {
    order > other.order
  }

  /// Weights are positive, so that their bits have their order.
  private var order: UInt64 { UInt64(weight.bitPattern) << 32 | UInt64(~UInt32(bitPattern: id)) }
}

extension [Candidate] {
  /// Moves the fewest first ones in order whose measures sum to at least a target to the front, in
  /// no order; all of them if the sum of all is less.
  ///
  /// - Parameters:
  ///   - target: positive.
  ///   - measure: positive.
  /// - Returns: how many they are.
  /// - Complexity: O(count) on average.
  ///
  /// Source: Hoare 1961, "Algorithm 65: Find".
  mutating func selectPrefix(reaching target: Double, _ measure: (Candidate) -> Double) -> Int {
    var (low, high, reached) = (0, count, 0.0)
    while low < high {
      let pivot = partition(low..<high)
      let sum = self[low..<pivot].reduce(reached) { $0 + measure($1) }
      if sum >= target {
        high = pivot
      } else if sum + measure(self[pivot]) >= target {
        return pivot + 1
      } else {
        (low, reached) = (pivot + 1, sum + measure(self[pivot]))
      }
    }
    return high
  }

  /// Puts a candidate in its place of a range, those that precede it before it, the others after.
  private mutating func partition(_ range: Range<Int>) -> Int {
    let last = range.upperBound - 1
    swapAt(median(range.lowerBound, range.lowerBound + range.count / 2, last), last)
    let pivot = self[last]
    let place = withUnsafeMutableBufferPointer { elements in
      var place = range.lowerBound
      // Without a branch on the order, which no processor could foresee.
      for index in range.lowerBound..<last {
        let candidate = elements[index]
        elements[index] = elements[place]
        elements[place] = candidate
        place += candidate.precedes(pivot) ? 1 : 0
      }
      return place
    }
    swapAt(place, last)
    return place
  }

  /// The place of three whose candidate is between the others'.
  private func median(_ first: Int, _ middle: Int, _ last: Int) -> Int {
    let order = self[first].precedes(self[last]) ? (first, last) : (last, first)
    if self[middle].precedes(self[order.0]) { return order.0 }
    return self[order.1].precedes(self[middle]) ? order.1 : middle
  }
}
