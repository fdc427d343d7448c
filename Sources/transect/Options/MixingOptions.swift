import ArgumentParser
import Geometry
import Reports

/// Which points of a line or a plane, or which of a simplex of checkpoints, are wanted.
struct MixingOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: "x in A + x (B - A) of two checkpoints: 0 is A, 1 is B (equations 1, 2).",
    transform: PointList.init)
  var alpha: PointList?

  @Option(help: "The checkpoint C of --beta, or of --plus and --minus; it counts as the first.")
  var base: String?

  @Option(
    parsing: .unconditional, help: "x in C + x (B - A), with C of --base (equation 3).",
    transform: PointList.init)
  var beta: PointList?

  @Option(
    parsing: .unconditional,
    help: "x in C + x (B - C) + y (A - C), with C of --base (equation 4): B is the plus model.",
    transform: PointList.init)
  var plus: PointList?

  @Option(
    parsing: .unconditional, help: "y of the same: A is the minus model.",
    transform: PointList.init)
  var minus: PointList?

  @Option(
    parsing: .unconditionalSingleValue,
    help: "The coefficient of each checkpoint, in their order: one --weight for each.")
  var weight: [Double] = []

  private static let mostPoints = 1_000_000

  func validate() throws {
    guard weight.allSatisfy(\.isFinite) else {
      throw ValidationError("coefficients must be finite numbers")
    }
    guard (plus == nil) == (minus == nil) else {
      let (given, missing) = plus == nil ? ("--minus", "--plus") : ("--plus", "--minus")
      throw ValidationError("\(given) goes with \(missing), which is missing; it may be 0")
    }
    guard modeCount <= 1 else { throw needsOneMode }
    let most = MixingOptions.mostPoints
    guard (plus?.values.count ?? 1) <= most / (minus?.values.count ?? 1) else {
      throw ValidationError("--plus and --minus may make \(most) points")
    }
    guard (base != nil) == (beta != nil || plus != nil) else {
      throw ValidationError("--base goes with --beta, or with --plus and --minus")
    }
    guard weight.isEmpty || weight.contains(where: { $0 != 0 }) else {
      throw ValidationError("all weights are 0")
    }
  }

  /// How many of the ways to say which point is wanted are taken.
  private var modeCount: Int {
    [alpha != nil, beta != nil, plus != nil || minus != nil, !weight.isEmpty].filter { $0 }.count
  }

  private var needsOneMode: ValidationError {
    ValidationError(
      "give one of --alpha; --base and --beta; --base, --plus and --minus; or --weight for each "
        + "checkpoint")
  }

  /// Whether a point is asked for.
  var isGiven: Bool { modeCount > 0 }

  /// Refuses a number of checkpoints, or of points, that does not fit.
  ///
  /// - Parameters:
  ///   - count: checkpoints named beside `--base`.
  ///   - isForText: whether one checkpoint may stand for itself, and there may be many points.
  /// - Throws: `ValidationError` if it does not fit.
  func check(checkpointCount count: Int, isForText: Bool = false) throws {
    guard isForText || places.count == 1 else {
      throw ValidationError(
        "one checkpoint is written; give one number, not \(places.count) points")
    }
    if isForText, !isGiven, count == 1 { return }
    guard isGiven else { throw needsOneMode }
    guard weight.isEmpty ? count == 2 : count == weight.count else {
      throw ValidationError(
        weight.isEmpty
          ? "name two checkpoints, A and B, not \(count)"
          : "\(weight.count) weights cannot weigh \(count) checkpoints")
    }
  }

  /// What a person should know before any tensor is read.
  var warnings: [String] {
    let excess = weight.reduce(-1, +)
    guard !weight.isEmpty, excess.magnitude > 1e-9 else { return [] }
    let isNear = excess.magnitude < 1e-3
    let sum = isNear ? "1 \(excess < 0 ? "−" : "+") \(excess.magnitude.brief)" : (1 + excess).brief
    return ["the weights sum to \(sum), not to 1"]
  }

  /// What places are called in results; none for weights, or one checkpoint.
  var axes: [String] {
    if alpha != nil { return ["alpha"] }
    if beta != nil { return ["beta"] }
    return plus == nil ? [] : ["w_plus", "w_minus"]
  }

  /// The points wanted, each a number for each of ``axes``; of a grid rows of equal minus, one after
  /// the other.
  var places: [[Double]] {
    if let line = alpha ?? beta { return line.values.map { [$0] } }
    guard let plus, let minus else { return [[]] }
    return minus.values.flatMap { minus in plus.values.map { [$0, minus] } }
  }

  /// The coefficients of the checkpoints at a point: the base, if any, and those named.
  ///
  /// - Parameter place: one of ``places``.
  /// - Returns: one for each; 1 where one checkpoint stands for itself.
  func coefficients(at place: [Double]) -> [Double] {
    if alpha != nil {
      return InterpolationPath.line(from: 0, to: 1, of: 2).coefficients(at: place[0])
    }
    if beta != nil {
      return InterpolationPath.anchoredLine(at: 0, along: (minus: 1, plus: 2), of: 3)
        .coefficients(at: place[0])
    }
    guard plus == nil else {
      return InterpolationPlane(origin: 0, plus: 2, minus: 1, of: 3)
        .coefficients(plus: place[0], minus: place[1])
    }
    return weight.isEmpty ? [1] : weight
  }

  /// The formula, in the letters of the help.
  var formula: String {
    guard isGiven else { return "A" }
    if alpha != nil { return "A + alpha (B - A)" }
    if beta != nil { return "C + beta (B - A)" }
    return plus != nil ? "C + plus (B - C) + minus (A - C)" : "sum of weight times checkpoint"
  }

  /// The options that shape a result, in a fixed order.
  var recorded: [String] {
    var options: [String] = []
    for (name, value) in [
      ("--alpha", alpha), ("--beta", beta), ("--plus", plus), ("--minus", minus),
    ] {
      if let value { options += [name, value.recorded] }
    }
    for value in weight { options += ["--weight", "\(value)"] }
    return options
  }
}
