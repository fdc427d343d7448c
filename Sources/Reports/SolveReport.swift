import Checkpoints
import Geometry
import Glibc
import Tensors

/// Which coefficients made a checkpoint, for people and machines.
public struct SolveReport: Sendable {
  /// What was found.
  public let finding: MixtureFinding
  let merged: String
  /// Of the inputs, in their order.
  public let labels: [String]
  /// The position of the base among the inputs, or `nil`.
  public let base: Int?
  /// Parameters of the checkpoint in question that could not be compared with all inputs, and those
  /// of all inputs that it lacks.
  let missing: Int

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - finding: what was found.
  ///   - merged: the label of the checkpoint in question.
  ///   - labels: of the inputs, in their order.
  ///   - base: the position of the base among the inputs, or `nil`.
  ///   - missing: parameters that could not be compared.
  public init(
    _ finding: MixtureFinding, merged: String, labels: [String], base: Int?, missing: Int
  ) {
    precondition(labels.count == finding.inputCount)
    (self.finding, self.merged, self.labels, self.base) = (finding, merged, labels, base)
    self.missing = missing
  }

  /// Whether the finding is a yes that parameters which could not be compared take back.
  public var isIncomplete: Bool {
    missing > 0 && [.mixture, .otherSum, .mixtureByTensor].contains(finding.verdict)
  }

  /// The verdict in words.
  public var verdict: String {
    isIncomplete ? "\(finding.verdict.rawValue) AS FAR AS COMPARED" : finding.verdict.rawValue
  }

  /// The mixture in words, as `0.7000 A + 0.3000 B`; with a base, as `base + 2.0000 (A − base)`,
  /// unless the sum is another than 1.
  public var recipe: String {
    let fit = finding.answer
    let base = finding.verdict == .otherSum ? nil : base
    let terms = labels.indices.compactMap { input -> (Double, String)? in
      let coefficient = fit.coefficients[input]
      guard input != base, !isNone(coefficient, fit.errors[input]) else { return nil }
      return (coefficient, base.map { "(\(labels[input]) − \(labels[$0]))" } ?? labels[input])
    }
    let start = base.map { labels[$0] }
    let words = terms.enumerated().map { place, term in
      let sign = place == 0 && start == nil ? (term.0 < 0 ? "−" : "") : term.0 < 0 ? " − " : " + "
      return sign + term.0.magnitude.fixed(4) + " " + term.1
    }
    return (start ?? "") + words.joined()
  }

  private func isNone(_ coefficient: Double, _ error: Double) -> Bool {
    coefficient.magnitude <= max(SolveReport.slack, 4 * (error.isFinite ? error : 0))
  }

  private static let slack = 5e-5

  /// How often each way from the base was gone, if there is a base; of two inputs without one, how
  /// often the way from the first to the second.
  var ways: [String] {
    guard base != nil || labels.count == 2, finding.verdict != .otherSum else { return [] }
    let origin = finding.origin
    return labels.indices.filter { $0 != origin }.map { input in
      let way = "delta from \(labels[origin]) to \(labels[input])"
      return
        "\(way): \(times(finding.consensus.coefficients[input], finding.consensus.errors[input]))"
    }
  }

  private func times(_ coefficient: Double, _ error: Double) -> String {
    let words: [Double: String] = [
      0: "not applied", 1: "applied once", 2: "applied twice", -1: "reversed", 3: "applied 3 times",
    ]
    let nearest = coefficient.rounded()
    let margin = max(1e-3, 4 * (error.isFinite ? error : 0))
    if let word = words[nearest], (coefficient - nearest).magnitude <= min(margin, 0.1) {
      return word
    }
    return "applied \(coefficient.brief) times"
  }
}

extension SolveReport {
  /// The screen that a person reads, without the table.
  public var lines: [String] {
    guard let total = finding.total else { return [verdict] }
    let head = ["\(verdict)   \(merged) = \(summary)"]
    let numbers = labels.indices.map { input in
      "\(labels[input]) \(finding.consensus.coefficients[input].fixed(6))"
        + " ± \(finding.consensus.errors[input].brief)"
    }
    return
      (head + [
        "coefficients  \(numbers.joined(separator: ", ")) (sum 1)",
        "left          \(left(total))",
        "free          \(freeNumbers), without the constraint",
      ] + ways.map { "way           \($0)" } + differing + missingLine).map(\.escapedForTerminal)
  }

  private func left(_ total: MixtureFinding.Part) -> String {
    let residual =
      finding.verdict == .otherSum ? total.consensusFreeResidual : total.consensusResidual
    guard residual.isFinite, total.floor.isFinite else { return "not finite" }
    // Zeros have no spacing that a sum of squares holds.
    let ratio = total.floor > 0 ? "\((residual / total.floor).brief) times" : "beside"
    return "rms \(residual.brief), \(ratio) what rounding once leaves (\(total.floor.brief)); "
      + "up to \(finding.answer.tolerance.brief) counts as rounding"
  }

  private var summary: String {
    switch finding.verdict {
    case .mixture: "\(recipe) within rounding"
    case .otherSum:
      "\(recipe) within rounding, a mixture whose coefficients sum to \(freeSum.brief)"
    case .mixtureByTensor: "mixtures within rounding, with coefficients of each tensor's own"
    case .partly: "\(recipe) within rounding, but for \(finding.differing.count.counted("tensor"))"
    case .near: "nearly \(recipe), but more than rounding is left"
    case .undetermined:
      finding.isTooNear
        ? "too near to \(labels[finding.origin]) to tell coefficients from rounding"
        : "a mixture within rounding, but several sets of coefficients make it"
    case .notMixture: "no mixture of \(labels.joined(separator: ", ")); the nearest is \(recipe)"
    }
  }

  private var freeSum: Double { finding.free.coefficients.reduce(0, +) }

  private var freeNumbers: String {
    zip(labels, finding.free.coefficients).map { "\($0) \($1.fixed(6))" }
      .joined(separator: ", ") + " (sum \(freeSum.fixed(6)))"
  }

  private var differing: [String] {
    let names = finding.differing.map(\.name.canonical.text)
    guard !names.isEmpty, ![.notMixture, .otherSum].contains(finding.verdict) else { return [] }
    let shown = names.prefix(8).joined(separator: ", ")
    let rest = names.count > 8 ? " and \(names.count - 8) more" : ""
    let own = finding.hasOwnMixtures ? ", mixtures with coefficients of their own" : ""
    return ["differ        \(names.count) of \(finding.parts.count) tensors: \(shown)\(rest)\(own)"]
  }

  private var missingLine: [String] {
    missing == 0
      ? [] : ["note          \(missing.counted("parameter")) could not be compared with all inputs"]
  }
}

extension Double {
  /// So many digits after the point.
  fileprivate func fixed(_ digits: Int) -> String {
    guard isFinite, magnitude < 1e9 else { return brief }
    let scale = pow(10, Double(digits))
    let units = Int((magnitude * scale).rounded())
    let fraction = String(units % Int(scale))
    return (self < 0 && units > 0 ? "-" : "") + "\(units / Int(scale))."
      + String(repeating: "0", count: digits - fraction.count) + fraction
  }
}
