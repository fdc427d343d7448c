/// Losses along an interpolation path, and how high they rise between its ends.
///
/// Ends are at α = 0 and α = 1. Points beyond them are kept, and take no part in barriers.
public struct LossCurve: Hashable, Sendable {
  /// A model on the path and its loss.
  public struct Point: Hashable, Sendable {
    /// Where on the path.
    public let alpha: Double
    /// In any unit; nats per token here.
    public let loss: Double

    /// Describes a point.
    ///
    /// - Parameters:
    ///   - alpha: finite.
    ///   - loss: NaN where it is not known.
    public init(alpha: Double, loss: Double) { (self.alpha, self.loss) = (alpha, loss) }
  }

  /// In the order of α.
  public let points: [Point]

  /// Creates a curve.
  ///
  /// - Parameter points: in any order, no α twice.
  public init(_ points: [Point]) { self.points = points.sorted { $0.alpha < $1.alpha } }

  /// The points from end to end, or `nil` if an end is missing.
  var between: [Point]? {
    let inside = points.filter { (0...1).contains($0.alpha) }
    return inside.first?.alpha == 0 && inside.last?.alpha == 1 ? inside : nil
  }

  /// The largest excess over a reference among the points from end to end, the first if several
  /// are equally large.
  ///
  /// - Parameter reference: what the loss is compared with.
  /// - Returns: where and how much; `nil` if an end is missing or nothing lies between. A loss of NaN
  ///   makes it NaN.
  public func rise(above reference: BarrierReference) -> Point? {
    guard let between, between.count > 2, let first = between.first, let last = between.last else {
      return nil
    }
    let excesses = between.map { point in
      let level = reference.level(at: point.alpha, from: first.loss, to: last.loss)
      return Point(alpha: point.alpha, loss: point.loss - level)
    }
    return excesses.dropFirst().reduce(excesses[0]) { highest, next in
      next.loss > highest.loss || next.loss.isNaN ? next : highest
    }
  }

  /// max over α in [0, 1] of L(α) − [(1 − α) L(0) + α L(1)]: never negative; `nil` without ends,
  /// or a point between them.
  ///
  /// Source: Frankle et al. 2020, arXiv 1912.05671; Entezari et al. 2021, arXiv 2110.06296.
  public var barrier: Double? { rise(above: .chord)?.loss }
}

/// What a barrier is measured above.
///
/// Source: Entezari et al. 2021, arXiv 2110.06296, definition 1, for the chord; Frankle et al.
/// 2020, arXiv 1912.05671, section 2, for the mean.
public enum BarrierReference: String, CaseIterable, Hashable, Sendable {
  /// (1 − α) L(0) + α L(1), the straight line between the ends' losses.
  case chord = "barrier"
  /// [L(0) + L(1)] / 2.
  case mean = "max_minus_mean"
  /// max(L(0), L(1)).
  case worseEnd = "max_minus_worse_end"

  /// The shares of L(0) and L(1) in the reference at a point; they sum to 1.
  ///
  /// - Parameters:
  ///   - alpha: the point.
  ///   - start: L(0).
  ///   - end: L(1).
  /// - Returns: both shares.
  func shares(at alpha: Double, from start: Double, to end: Double) -> (start: Double, end: Double)
  {
    switch self {
    case .chord: (1 - alpha, alpha)
    case .mean: (0.5, 0.5)
    case .worseEnd: start >= end ? (1, 0) : (0, 1)
    }
  }

  /// The reference's height at a point.
  ///
  /// - Parameters:
  ///   - alpha: the point.
  ///   - start: L(0).
  ///   - end: L(1).
  /// - Returns: its value, at the ends of the chord exactly theirs.
  public func level(at alpha: Double, from start: Double, to end: Double) -> Double {
    if alpha == 0, self == .chord { return start }
    if alpha == 1, self == .chord { return end }
    let shares = shares(at: alpha, from: start, to: end)
    return (shares.start == 0 ? 0 : shares.start * start)
      + (shares.end == 0 ? 0 : shares.end * end)
  }
}
