import Evaluation
import Geometry
import HDF5
import JSON

/// Losses along an interpolation path, for people and machines.
public struct PathReport: Sendable {
  /// A model on the path.
  public struct Point: Sendable {
    let alpha: Double
    let model: SweepPoint
    /// ‖θ − A‖₂, ‖θ − B‖₂ and ‖θ‖₂ over all parameters mixed; NaN where logits are summed.
    let distances: (a: Double, b: Double)
    let norm: Double

    /// Describes a model.
    ///
    /// - Parameters:
    ///   - alpha: its place on the path.
    ///   - model: its coefficients and losses.
    ///   - distances: ‖θ − A‖₂ and ‖θ − B‖₂, or NaN.
    ///   - norm: ‖θ‖₂, or NaN where there is no θ.
    public init(
      alpha: Double, model: SweepPoint, distances: (a: Double, b: Double), norm: Double
    ) {
      (self.alpha, self.model, self.distances, self.norm) = (alpha, model, distances, norm)
    }

    /// Describes a model whose place in weight space follows from inner products.
    ///
    /// - Parameters:
    ///   - alpha: its place on the path.
    ///   - model: its coefficients and losses.
    ///   - gram: of the checkpoints, A and B first; `nil` where there is no θ.
    public init(alpha: Double, model: SweepPoint, in gram: GramMatrix?) {
      func distance(_ position: Int) -> Double {
        gram?.squaredDistance(ofCombination: model.coefficients, to: position).squareRoot() ?? .nan
      }
      self.init(
        alpha: alpha, model: model, distances: (distance(0), distance(1)),
        norm: gram?.squaredNorm(ofCombination: model.coefficients).squareRoot() ?? .nan)
    }
  }

  /// What the path's parameter is called.
  public enum Parameter: String, CaseIterable, Codable, Sendable {
    /// θ(α) = A + α (B − A).
    case alpha
    /// θ(β) = C + β (B − A).
    case beta

    /// The path, in the letters of the help.
    public var formula: String { self == .alpha ? "A + alpha (B - A)" : "C + beta (B - A)" }

    /// The coefficients of A, B and, of β, C.
    public var path: InterpolationPath {
      self == .alpha
        ? .line(from: 0, to: 1, of: 2) : .anchoredLine(at: 2, along: (minus: 0, plus: 1), of: 3)
    }
  }

  let parameter: Parameter
  let checkpoints: [String]
  let texts: [String]
  let points: [Point]
  let barriers: [[BarrierEstimate]]
  /// What the points wrote, if they did.
  let written: ScoredSamples?

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - parameter: what the path is.
  ///   - checkpoints: labels of the checkpoints that are mixed, in the order of coefficients.
  ///   - texts: names of the texts.
  ///   - points: at least one, ascending. There are no barriers while one is pending.
  ///   - written: what each point wrote, in the same order, if anything.
  ///   - seed: of the draws of documents.
  public init(
    _ parameter: Parameter, checkpoints: [String], texts: [String], points: [Point],
    written: ScoredSamples? = nil, seed: UInt64
  ) {
    (self.parameter, self.checkpoints, self.texts) = (parameter, checkpoints, texts)
    precondition(written.map { $0.scores.count == points.count } ?? true)
    (self.points, self.written) = (points, written)
    let isWhole = !points.contains(where: \.model.isPending)
    barriers = texts.indices.map { text in
      guard isWhole else { return [] }
      let path = PathLosses(
        alphas: points.map(\.alpha), losses: points.map { $0.model.losses[text] })
      return BarrierReference.allCases.compactMap { path.barrier(above: $0, seed: seed) }
    }
  }

  /// Whether points are weights, of which there are distances.
  private var isOfWeights: Bool { points.contains { !$0.norm.isNaN } }

  private func excess(_ text: Int, _ point: Point) -> Double {
    let ends = [0.0, 1].compactMap { end in
      points.first { $0.alpha == end }?.model.losses[text].mean
    }
    guard ends.count == 2, (0...1).contains(point.alpha) else { return .nan }
    return point.model.losses[text].mean
      - BarrierReference.chord.level(at: point.alpha, from: ends[0], to: ends[1])
  }

  /// One row for each point and text, points in order, or each point where there are no texts. What
  /// a point wrote is told in each of its rows.
  public var table: ReportTable {
    let rows = points.indices.flatMap { point in
      texts.isEmpty ? [(point: point, text: 0)] : texts.indices.map { (point: point, text: $0) }
    }
    let places = rows.map(\.point)
    return ReportTable(
      rowCount: rows.count,
      columns: [place(places)] + (texts.isEmpty ? [] : lossColumns(rows))
        + distanceColumns(places.map { points[$0] }) + (texts.isEmpty ? [] : countColumns(rows))
        + checkpoints.indices.map { input in
          .init(
            "c_\(checkpoints[input])", .real(places.map { points[$0].model.coefficients[input] }))
        }
        + (written?.machineColumns(at: places) ?? []))
  }

  /// A JSON object for each text that a point wrote.
  public var sampleLines: [String] { written?.samples.jsonLines ?? [] }

  /// A row for each point: what it wrote.
  private var writtenTable: ReportTable? {
    written.map { written in
      ReportTable(
        rowCount: points.count,
        columns: [place(Array(points.indices))] + written.columns(at: Array(points.indices)))
    }
  }

  private func place(_ rows: [Int]) -> ReportTable.Column {
    .init(parameter.rawValue, heading: parameter.rawValue, .real(rows.map { points[$0].alpha }))
  }

  private func lossColumns(_ rows: [(point: Int, text: Int)]) -> [ReportTable.Column] {
    let losses = rows.map { points[$0.point].model.losses[$0.text] }
    func real(
      _ name: String, _ heading: String?, _ values: [Double]
    ) -> ReportTable.Column { .init(name, heading: heading, .real(values)) }
    return [
      .init("text", heading: texts.count > 1 ? "text" : nil, .text(rows.map { texts[$0.text] })),
      real("nll", "nats / token", losses.map(\.mean)),
      real("nll_error", "±", losses.map(\.standardError)),
      real("perplexity", "perplexity", losses.map(\.perplexity)),
      real("perplexity_error", nil, losses.map(\.perplexityError)),
      real("excess", "above chord", rows.map { excess($0.text, points[$0.point]) }),
    ]
  }

  private func countColumns(_ rows: [(point: Int, text: Int)]) -> [ReportTable.Column] {
    let losses = rows.map { points[$0.point].model.losses[$0.text] }
    return [
      .init("tokens", .integer(losses.map(\.tokenCount))),
      .init("documents", .integer(losses.map(\.nats.count))),
    ]
  }

  /// Where models are in weight space.
  private func distanceColumns(_ rows: [Point]) -> [ReportTable.Column] {
    func real(
      _ name: String, _ heading: String, _ value: (Point) -> Double
    ) -> ReportTable.Column {
      .init(name, heading: isOfWeights ? heading : nil, .real(rows.map(value)))
    }
    return [
      real("distance_a", "‖θ−A‖", \.distances.a), real("distance_b", "‖θ−B‖", \.distances.b),
      real("norm", "‖θ‖", \.norm),
    ]
  }

  /// One row for each text and definition of a barrier.
  public var barrierTable: ReportTable {
    let rows = texts.indices.flatMap { text in barriers[text].map { (texts[text], $0) } }
    return ReportTable(
      rowCount: rows.count,
      columns: [
        .init("text", .text(rows.map(\.0))),
        .init("definition", .text(rows.map(\.1.reference.rawValue))),
        .init("height", .real(rows.map(\.1.height))),
        .init("at", .real(rows.map(\.1.alpha))),
        .init("lower", .real(rows.map(\.1.lower))), .init("upper", .real(rows.map(\.1.upper))),
        .init("level", .real(rows.map { _ in BarrierEstimate.level })),
        .init(
          "includes_zero",
          .integer(rows.map { $0.1.includesZero.map { $0 ? 1 : 0 } })),
      ])
  }

  /// What a person reads: barriers, then points, then what they wrote.
  public var lines: [String] {
    let losses = texts.isEmpty ? [] : [""] + TerminalTable(table).lines(width: TerminalTable.width)
    guard let written, let numbers = writtenTable else { return head + losses }
    return head + losses + [""] + written.lines.map(\.escapedForTerminal) + [""]
      + TerminalTable(numbers).lines(width: TerminalTable.width)
  }

  /// What the path is, and a line for each barrier.
  private var head: [String] {
    let counts = texts.indices.map { text in
      let loss = points[0].model.losses[text]
      return "\(texts[text]): \(loss.nats.count.counted("document")), "
        + "\(loss.tokenCount.grouped) tokens scored"
    }
    let heights = texts.indices.flatMap { text in
      barriers[text].map { line($0, texts.count > 1 ? "\(texts[text]), " : "") }
    }
    return
      (["\(parameter.formula), A = \(checkpoints[0]), B = \(checkpoints[1])\(base)"] + counts
      + heights + missingBarrier).map(\.escapedForTerminal)
  }

  /// Why there is no barrier, if there is none because too little of the line was evaluated.
  private var missingBarrier: [String] {
    let ends = ["0", "1"].filter { end in !points.contains { $0.alpha == Double(end) } }
    guard !texts.isEmpty, barriers.allSatisfy(\.isEmpty) else { return [] }
    guard !ends.isEmpty else {
      return ["no barrier: no point lies between \(parameter.rawValue) 0 and 1"]
    }
    return [
      "no barrier: \(parameter.rawValue) \(ends.joined(separator: " and ")), between which it "
        + "would be measured, \(ends.count == 1 ? "is" : "are") not among the points"
    ]
  }

  private var base: String { checkpoints.count > 2 ? ", C = \(checkpoints[2])" : "" }

  private func line(_ barrier: BarrierEstimate, _ text: String) -> String {
    let interval =
      barrier.includesZero.map { includesZero in
        let level = Int((100 * BarrierEstimate.level).rounded())
        return "\(level) % interval \(barrier.lower.brief) to \(barrier.upper.brief): "
          + (includesZero ? "zero lies in it" : "zero lies outside")
      } ?? "no interval from one document"
    return "\(text)\(barrier.reference.title): \(barrier.height.brief) nats per token at "
      + "\(parameter.rawValue) \(barrier.alpha.brief); \(interval)"
  }
}

extension BarrierReference {
  /// In the words of a report.
  fileprivate var title: String {
    switch self {
    case .chord: "barrier above the chord"
    case .mean: "above the mean of the ends"
    case .worseEnd: "above the worse end"
    }
  }
}
