import LinearAlgebra

/// A barrier with an interval that takes into account that documents were drawn, and that the
/// highest of several points was picked.
///
/// Losses at all points are of the same documents, so that what is common to them cancels. With
/// e_i the excess of point i over the reference and s_i its standard error by the delta method,
/// documents are drawn with replacement; c is the quantile, over draws, of
/// max_i |e*_i − e_i| / s_i, so that all e_i lie within e_i ± c s_i at once with the probability
/// wanted. Then the barrier, max_i e_i, lies between max_i (e_i − c s_i) and max_i (e_i + c s_i). A
/// point without error (an end, above the chord) is exact. What the loss does between the points
/// is not covered.
///
/// Source: Efron & Tibshirani 1993, "An Introduction to the Bootstrap", section 12.5, for
/// studentized draws; Davison & Hinkley 1997, section 4.2.4, for simultaneous intervals.
public struct BarrierEstimate: Hashable, Sendable {
  /// What it is measured above.
  public let reference: BarrierReference
  /// Where it is highest.
  public let alpha: Double
  /// In nats per token.
  public let height: Double
  /// Lower end of the interval; NaN for fewer than two documents.
  public let lower: Double
  /// Upper end of the interval.
  public let upper: Double

  /// How likely an interval covers what it is about, if documents are many.
  public static let level = 0.95
  /// How often documents are drawn.
  public static let draws = 2000

  /// Whether the interval leaves it open that there is no barrier; `nil` if there is no interval.
  public var includesZero: Bool? { lower.isNaN ? nil : lower <= 0 }
}

/// The losses of one text at all points of a path, of the same documents.
public struct PathLosses: Sendable {
  /// Where on the path, ascending.
  public let alphas: [Double]
  /// One for each point.
  public let losses: [CorpusLoss]

  /// Collects losses.
  ///
  /// - Parameters:
  ///   - alphas: in any order, none twice.
  ///   - losses: one for each; all with the same token counts.
  public init(alphas: [Double], losses: [CorpusLoss]) {
    precondition(alphas.count == losses.count)
    precondition(losses.allSatisfy { $0.tokenCounts == losses[0].tokenCounts })
    let order = alphas.indices.sorted { alphas[$0] < alphas[$1] }
    self.alphas = order.map { alphas[$0] }
    self.losses = order.map { losses[$0] }
  }

  /// Mean losses over α.
  public var curve: LossCurve {
    LossCurve(zip(alphas, losses).map { .init(alpha: $0, loss: $1.mean) })
  }

  /// The barrier above a reference, with its interval.
  ///
  /// - Parameters:
  ///   - reference: what it is measured above.
  ///   - seed: of the draws.
  /// - Returns: `nil` if an end of the path, or all between its ends, is missing.
  /// - Complexity: points · documents · 2000 additions.
  public func barrier(above reference: BarrierReference, seed: UInt64) -> BarrierEstimate? {
    guard let highest = curve.rise(above: reference) else { return nil }
    let excess = ExcessResiduals(self, reference)
    let reach = excess.simultaneousReach(seed: seed)
    let ends = zip(excess.heights, excess.errors).map { height, error in
      let margin = error == 0 ? 0 : reach * error
      return (height - margin, height + margin)
    }
    let isKnown = ends.allSatisfy { !$0.0.isNaN }
    return BarrierEstimate(
      reference: reference, alpha: highest.alpha,
      height: highest.loss.isNaN ? .nan : excess.heights.max() ?? .nan,
      lower: isKnown ? ends.map(\.0).max() ?? .nan : .nan,
      upper: isKnown ? ends.map(\.1).max() ?? .nan : .nan)
  }
}

/// What each document adds to each point's excess.
private struct ExcessResiduals {
  /// The excess of each point from end to end.
  let heights: [Double]
  /// Its standard error; NaN for fewer than two documents.
  let errors: [Double]
  /// Of each point with an error, what each document adds to its excess beyond the average.
  private let residuals: [[Double]]
  private let tokenCounts: [Int]

  init(_ path: PathLosses, _ reference: BarrierReference) {
    let inside = path.alphas.indices.filter { (0...1).contains(path.alphas[$0]) }
    let (start, end) = (path.losses[inside.first ?? 0], path.losses[inside.last ?? 0])
    let excesses = inside.map { index in
      let shares = reference.shares(at: path.alphas[index], from: start.mean, to: end.mean)
      return path.losses[index].nats.indices.map { document in
        path.losses[index].nats[document] - shares.start * start.nats[document]
          - shares.end * end.nats[document]
      }
    }
    tokenCounts = start.tokenCounts
    let total = start.tokenCount
    // Sums of so many nats round by less than this; what is below it is no difference.
    let rounding = 1e-13 * inside.reduce(0) { max($0, path.losses[$1].mean.magnitude) }
    heights = excesses.map { excess in
      let height = excess.reduce(0, +) / Double(total)
      return height.magnitude <= rounding ? 0 : height
    }
    let residuals = zip(excesses, heights).map { [tokenCounts] excess, height in
      zip(excess, tokenCounts).map { $0 - height * Double($1) }
    }
    errors = residuals.map { residual in
      let error = RatioError.standardError(residual, total)
      return error <= rounding ? 0 : error
    }
    self.residuals = zip(residuals, errors).filter { $0.1 > 0 }.map(\.0)
  }

  /// The quantile of the largest studentized deviation over draws of documents.
  func simultaneousReach(seed: UInt64) -> Double {
    guard tokenCounts.count > 1, !residuals.isEmpty else {
      return errors.contains { $0.isNaN } ? .nan : 0
    }
    let total = tokenCounts.reduce(0, +)
    let errors = residuals.map { RatioError.standardError($0, total) }
    var stream = RandomStream(seed: seed, stream: ExcessResiduals.stream)
    var largest = (0..<BarrierEstimate.draws).map { _ in
      let draw = tokenCounts.indices.map { _ in stream.next(below: tokenCounts.count) }
      let tokens = Double(draw.reduce(0) { $0 + tokenCounts[$1] })
      return zip(residuals, errors).reduce(0) { largest, point in
        let deviation = draw.reduce(0) { $0 + point.0[$1] } / tokens
        return max(largest, deviation.magnitude / point.1)
      }
    }
    largest.sort()
    return largest[Int((BarrierEstimate.level * Double(largest.count)).rounded(.up)) - 1]
  }

  private static let stream: UInt64 = 0x6261_7272_6965_7200
}
