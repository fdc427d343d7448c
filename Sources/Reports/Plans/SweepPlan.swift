import Evaluation
import Generation
import Geometry
import HDF5

/// What a path's or a plane's result is made from besides the numbers of its points.
///
/// It needs neither checkpoints nor texts, so that journals which begin with it can be made into a
/// result anywhere.
public struct SweepPlan: Codable, Sendable {
  /// Where points are.
  public enum Places: Codable, Sendable {
    /// On a line, ascending; the seed is that of draws of documents.
    case path(PathReport.Parameter, [Double], seed: UInt64)
    /// On the plane through three checkpoints: x and y of the grid, ascending.
    case plane(x: [Double], y: [Double])
  }

  /// A text that is scored.
  public struct Text: Codable, Sendable {
    let name: String
    /// Scored tokens of each document.
    let tokenCounts: [Int]

    /// Describes a text.
    ///
    /// - Parameter text: the text.
    public init(_ text: ScoredText) { (name, tokenCounts) = (text.name, text.tokenCounts) }
  }

  let places: Places
  let labels: [String]
  let texts: [Text]
  let gram: GramMatrix?
  /// Attributes of the main group, besides its own.
  public let attributes: [ResultAttribute]
  /// What points write, if they do.
  public let writing: WritingPlan?

  /// Describes a sweep.
  ///
  /// - Parameters:
  ///   - places: where points are.
  ///   - labels: of the checkpoints, in the order of coefficients.
  ///   - texts: those that are scored.
  ///   - gram: inner products of the checkpoints; `nil` where weights are not combined.
  ///   - attributes: of the main group, besides its own.
  ///   - writing: what points write, if they do.
  public init(
    _ places: Places, labels: [String], texts: [Text], gram: GramMatrix?,
    attributes: [ResultAttribute], writing: WritingPlan?
  ) {
    (self.places, self.labels, self.texts, self.gram) = (places, labels, texts, gram)
    (self.attributes, self.writing) = (attributes, writing)
  }

  /// The place of each point: α, or x and y.
  public var coordinates: [[Double]] {
    switch places {
    case .path(_, let alphas, _): alphas.map { [$0] }
    case .plane(let x, let y): PlaneReport.places(of: (x, y)).map { [$0.plus, $0.minus] }
    }
  }

  /// The coefficients of each point.
  public var coefficients: [[Double]] {
    switch places {
    case .path(let parameter, let alphas, _): alphas.map(parameter.path.coefficients)
    case .plane:
      coordinates.map { PlaneReport.plane.coefficients(plus: $0[0], minus: $0[1]) }
    }
  }

  /// What the numbers of a place are called.
  public var axes: [String] {
    switch places {
    case .path(let parameter, _, _): [parameter.rawValue]
    case .plane: ["w_plus", "w_minus"]
    }
  }

  /// What a model is of its checkpoints.
  public var formula: String {
    switch places {
    case .path(let parameter, _, _): parameter.formula
    case .plane: "C + x (B - C) + y (A - C)"
    }
  }

  /// What is wrong with a plan that was read back; `nil` for one that was written here.
  var fault: String? {
    let count =
      switch places {
      case .path(let parameter, _, _): parameter == .alpha ? 2 : 3
      case .plane: 3
      }
    let numbers = coordinates.flatMap { $0 }
    guard labels.count == count, gram?.order ?? count == count else {
      return "has \(labels.count) checkpoints, not \(count)"
    }
    guard !numbers.isEmpty, numbers.count <= 4_000_000, numbers.allSatisfy(\.isFinite) else {
      return "has no points, or points that are not finite"
    }
    guard texts.flatMap(\.tokenCounts).allSatisfy({ (0..<1 << 40).contains($0) }) else {
      return "has texts of so many tokens as there are not"
    }
    return writing?.fault(pointCount: numbers.count / axes.count)
  }

  /// The report on a path.
  ///
  /// - Parameters:
  ///   - points: in the order of ``coefficients``.
  ///   - written: what they wrote, if they did.
  /// - Returns: `nil` if the places are on no line.
  public func pathReport(
    _ points: [SweepPoint], written: ScoredSamples?
  ) -> PathReport? {
    guard case .path(let parameter, let alphas, let seed) = places else { return nil }
    return PathReport(
      parameter, checkpoints: labels, texts: texts.map(\.name),
      points: zip(alphas, points).map { .init(alpha: $0, model: $1, in: gram) },
      written: written, seed: seed)
  }

  /// The report on a plane.
  ///
  /// - Parameters:
  ///   - points: in the order of ``coefficients``.
  ///   - written: what they wrote, if they did.
  /// - Returns: `nil` if the places are on no plane.
  public func planeReport(
    _ points: [SweepPoint], written: ScoredSamples?
  ) -> PlaneReport? {
    guard case .plane(let x, let y) = places else { return nil }
    return PlaneReport(
      checkpoints: labels, texts: texts.map(\.name), grid: (x, y),
      points: zip(coordinates, points).map { .init(plus: $0[0], minus: $0[1], model: $1) },
      written: written, axes: .init(gram, origin: 0, plus: 1, minus: 2))
  }
}

extension SweepPlan: RowPlan {
  func merged(_ rows: [String: String]) throws -> MergedGroups {
    let (found, counts) = (FinishedRows(rows), texts.map(\.tokenCounts))
    let points = coefficients.map { place in
      let losses = found.losses(at: place, tokenCounts: counts)
      guard let losses, writing?.isDone(at: place, in: rows) ?? true else {
        return SweepPoint(pendingAt: place, tokenCounts: counts)
      }
      return SweepPoint(coefficients: place, losses: losses)
    }
    let samples = writing?.scored(points, at: coordinates, along: axes, in: rows)
    let groups =
      try pathReport(points, written: samples)?.groups(attributes: attributes)
      ?? planeReport(points, written: samples)?.groups(attributes: attributes) ?? []
    return MergedGroups(
      groups: groups, rowCount: points.count,
      pending: zip(points, coordinates).filter(\.0.isPending).map { name(of: $1) })
  }

  private func name(of place: [Double]) -> String {
    zip(axes, place).map { "\($0) \($1)" }.joined(separator: ", ")
  }
}
