import Evaluation
import Geometry

/// Losses on the plane θ = C + x (B − C) + y (A − C), for people and machines: C is the origin, B
/// the plus model, A the minus model.
public struct PlaneReport: Sendable {
  /// A model on the plane.
  public struct Point: Sendable {
    let plus: Double
    let minus: Double
    let model: SweepPoint

    /// Describes a model.
    ///
    /// - Parameters:
    ///   - plus: x.
    ///   - minus: y.
    ///   - model: its coefficients and losses.
    public init(plus: Double, minus: Double, model: SweepPoint) {
      (self.plus, self.minus, self.model) = (plus, minus, model)
    }
  }

  /// Where the plane lies in weight space: what angles and lengths its axes have.
  public struct Axes: Sendable {
    /// ‖B − C‖₂.
    let plusLength: Double
    /// ‖A − C‖₂.
    let minusLength: Double
    /// The cosine of the angle between B − C and A − C.
    let cosine: Double

    /// Takes the axes from inner products.
    ///
    /// - Parameters:
    ///   - gram: of the checkpoints; `nil` where the plane is not one of weights.
    ///   - origin: the position of C.
    ///   - plus: the position of B.
    ///   - minus: the position of A.
    public init(_ gram: GramMatrix?, origin: Int, plus: Int, minus: Int) {
      plusLength = gram?.distance(plus, origin) ?? .nan
      minusLength = gram?.distance(minus, origin) ?? .nan
      cosine = gram?.taskCosine(plus, minus, base: origin) ?? .nan
    }

    /// A point in an orthonormal frame whose origin is C and whose first axis points to B:
    /// distances in it are distances in weight space.
    ///
    ///     u = x ‖B − C‖ + y ‖A − C‖ cos φ,   v = y ‖A − C‖ sin φ
    func position(plus: Double, minus: Double) -> (u: Double, v: Double) {
      let sine = max(1 - cosine * cosine, 0).squareRoot()
      return (plus * plusLength + minus * minusLength * cosine, minus * minusLength * sine)
    }
  }

  let checkpoints: [String]
  let texts: [String]
  /// Coordinates of the grid's columns and rows, ascending.
  let grid: (plus: [Double], minus: [Double])
  let points: [Point]
  /// Positions of the grid's points: row-major, minus outermost.
  let gridPositions: [Int]
  /// Positions of the corners and of what lies on both lines.
  let linePositions: [Int]
  let axes: Axes
  /// What the points wrote, if they did.
  let written: ScoredSamples?

  var gridPoints: [Point] { gridPositions.map { points[$0] } }
  var linePoints: [Point] { linePositions.map { points[$0] } }

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - checkpoints: labels of C, B and A, as coefficients have them.
  ///   - texts: names of the texts.
  ///   - grid: coordinates of columns (x) and rows (y), ascending.
  ///   - points: every point of the grid, and others, none twice.
  ///   - written: what each point wrote, in the same order, if anything.
  ///   - axes: where the plane lies.
  public init(
    checkpoints: [String], texts: [String], grid: (plus: [Double], minus: [Double]),
    points: [Point], written: ScoredSamples? = nil, axes: Axes
  ) {
    precondition(written.map { $0.scores.count == points.count } ?? true)
    (self.points, self.written) = (points, written)
    (self.checkpoints, self.texts, self.grid, self.axes) = (checkpoints, texts, grid, axes)
    let known = Dictionary(
      zip(points.map(Place.init), points.indices), uniquingKeysWith: { first, _ in first })
    let places = grid.minus.flatMap { y in grid.plus.map { Place(plus: $0, minus: y) } }
    gridPositions = places.compactMap { known[$0] }
    precondition(gridPositions.count == places.count)
    linePositions = known.values.filter { points[$0].line != nil }
      .sorted { (points[$0].plus, points[$0].minus) < (points[$1].plus, points[$1].minus) }
  }

  private struct Place: Hashable {
    let plus: Double
    let minus: Double

    init(plus: Double, minus: Double) { (self.plus, self.minus) = (plus, minus) }
    init(_ point: Point) { self.init(plus: point.plus, minus: point.minus) }
  }
}

extension PlaneReport {
  /// Where a sweep evaluates: the grid, the corners and both lines as far as the grid's rows reach,
  /// no place twice.
  ///
  /// - Parameter grid: coordinates of columns (x) and rows (y), ascending.
  /// - Returns: the places.
  public static func places(
    of grid: (plus: [Double], minus: [Double])
  ) -> [(plus: Double, minus: Double)] {
    let places = grid.minus.flatMap { y in grid.plus.map { (plus: $0, minus: y) } }
    let rows = (grid.minus.first ?? 0)...(grid.minus.last ?? 0)
    let lines = grid.plus.flatMap { [(plus: $0, minus: 1 - $0), (plus: $0, minus: -$0)] }
      .filter { rows.contains($0.minus) }
    var seen: Set<[Double]> = []
    return (places + [(0, 0), (1, 0), (0, 1)] + lines).filter {
      seen.insert([$0.plus, $0.minus]).inserted
    }
  }

  /// The coefficients of C, B and A.
  public static let plane = InterpolationPlane(origin: 0, plus: 1, minus: 2, of: 3)
}

extension PlaneReport {
  /// One row for each point and text: the grid, then corners and lines; each point where there are no
  /// texts. What a point wrote is told in each of its rows.
  public var table: ReportTable {
    let parts =
      gridPositions.map { (part: "grid", point: $0) }
      + linePositions.map { (part: points[$0].line ?? "", point: $0) }
    let rows = parts.flatMap { part in
      texts.isEmpty
        ? [(part: part.part, point: part.point, text: 0)]
        : texts.indices.map { (part: part.part, point: part.point, text: $0) }
    }
    return ReportTable(
      rowCount: rows.count,
      columns: [
        .init("part", heading: "part", .text(rows.map(\.part))),
        .init("w_plus", heading: "plus", .real(rows.map { points[$0.point].plus })),
        .init("w_minus", heading: "minus", .real(rows.map { points[$0.point].minus })),
      ] + (texts.isEmpty ? [] : lossColumns(rows.map { ($0.point, $0.text) }))
        + (written?.machineColumns(at: rows.map(\.point)) ?? []))
  }

  private func lossColumns(_ rows: [(point: Int, text: Int)]) -> [ReportTable.Column] {
    let losses = rows.map { points[$0.point].model.losses[$0.text] }
    return [
      .init("text", heading: "text", .text(rows.map { texts[$0.text] })),
      .init("nll", heading: "nats / token", .real(losses.map(\.mean))),
      .init("nll_error", heading: "±", .real(losses.map(\.standardError))),
      .init("perplexity", heading: "perplexity", .real(losses.map(\.perplexity))),
      .init("tokens", .integer(losses.map(\.tokenCount))),
    ]
  }

  /// A JSON object for each text that a point wrote.
  public var sampleLines: [String] { written?.samples.jsonLines ?? [] }

  /// The screen that a person reads: for each text, losses as shades; then scores of what was written
  /// as shades, and those of the checkpoints as a table.
  public var lines: [String] {
    let head: [String?] = [
      "C + x (B - C) + y (A - C), C = \(checkpoints[0]), B = \(checkpoints[1]), "
        + "A = \(checkpoints[2])",
      axes.plusLength.isNaN
        ? nil
        : "‖B−C‖ \(axes.plusLength.brief), ‖A−C‖ \(axes.minusLength.brief), "
          + "cosine \(axes.cosine.brief)",
    ]
    let losses = texts.indices.flatMap { text in
      [""] + map("\(texts[text]): nats per token", gridPoints.map { $0.model.losses[text].mean })
    }
    return (head.compactMap { $0 } + losses).map(\.escapedForTerminal)
      + (written.map(lines(of:)) ?? [])
  }

  private func lines(of written: ScoredSamples) -> [String] {
    let maps = written.pictured.flatMap { quantity in
      [""]
        + map(
          quantity.longName,
          gridPositions.map { written.scores[$0].estimate(quantity).value })
    }
    let corners = linePositions.filter { points[$0].isCorner }
    let table = ReportTable(
      rowCount: corners.count,
      columns: [.init(nil, heading: "", .text(corners.map { points[$0].line ?? "" }))]
        + written.columns(at: corners))
    return ([""] + written.lines + maps).map(\.escapedForTerminal) + [""]
      + TerminalTable(table).lines(width: TerminalTable.width)
  }

  /// Numbers of the grid as shades.
  private func map(_ title: String, _ numbers: [Double]) -> [String] {
    guard let shades = LogarithmicShades(numbers) else { return [] }
    let labels = grid.minus.map(\.brief)
    let width = labels.reduce(1) { max($0, $1.count) }
    let rows = labels.indices.reversed().map { row in
      let cells = numbers[row * grid.plus.count..<(row + 1) * grid.plus.count]
      return String(repeating: " ", count: width - labels[row].count) + labels[row] + "  "
        + String(cells.map(shades.shade))
    }
    let range = "\(grid.plus.first?.brief ?? "") to \(grid.plus.last?.brief ?? "")"
    return ["\(title), \(shades.legend); y up, x across, \(range)"] + rows
  }
}

extension PlaneReport.Point {
  /// Whether it is one of the checkpoints.
  var isCorner: Bool { [[0, 0], [1, 0], [0, 1]].contains([plus, minus]) }

  /// What a point beside the grid is there for, or `nil` if it lies on neither line and is no
  /// corner.
  var line: String? {
    switch (plus, minus) {
    case (0, 0): "C"
    case (1, 0): "B"
    case (0, 1): "A"
    case _ where minus == 1 - plus: "A to B"
    case _ where minus == -plus: "C along A to B"
    default: nil
    }
  }
}
