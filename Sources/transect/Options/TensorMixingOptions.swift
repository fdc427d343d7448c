import ArgumentParser
import Geometry
import Tensors

/// Which point is wanted, and of which tensors another.
struct TensorMixingOptions: ParsableArguments {
  @OptionGroup var points: MixingOptions

  @Option(
    name: .customLong("where"), parsing: .unconditionalSingleValue,
    help: """
      Another alpha or beta for tensors whose canonical name matches, as '^h\\.0\\.=0.5'; of \
      several that match, the first counts.
      """, transform: NamedParameter.init)
  var overrides: [NamedParameter] = []

  @Flag(
    help: """
      With --alpha: spherical interpolation, sin((1-x)W)/sin W A + sin(x W)/sin W B for each \
      tensor, W being the angle between A and B; where |cos W| > 0.9995, or a tensor is zero, the \
      straight line.
      """)
  var slerp = false

  func validate() throws {
    guard overrides.map(\.parameter).allSatisfy(\.isFinite) else {
      throw ValidationError("coefficients must be finite numbers")
    }
    guard overrides.isEmpty || points.alpha != nil || points.beta != nil else {
      throw ValidationError("--where goes with --alpha or --beta")
    }
    guard !slerp || points.alpha != nil else { throw ValidationError("--slerp goes with --alpha") }
  }

  /// How to weigh tensors of a name; checkpoints are the base, if any, then those named.
  func weighting(of name: TensorName) -> Weighting {
    weighting(overrides.first { $0.pattern.matches(name) }?.parameter)
  }

  /// Sentences on each `--where` that changes nothing.
  ///
  /// - Parameter names: canonical names of the tensors that are mixed.
  /// - Returns: one for each that matches none of them, or only such as an earlier one matches.
  func idleRules(among names: [TensorName]) -> [String] {
    var left = names
    return overrides.compactMap { rule in
      let before = left.count
      left.removeAll { rule.pattern.matches($0) }
      guard left.count == before else { return nil }
      let reason =
        names.contains { rule.pattern.matches($0) }
        ? "matches only tensors that an earlier one does" : "matches no tensor that is mixed"
      return "--where \(rule.pattern.source)=\(rule.parameter.brief) \(reason)"
    }
  }

  /// How tensors are weighed to which no `--where` applies, at the only point.
  var weighting: Weighting { weighting(nil) }

  /// How tensors are weighed at the only point, or at another parameter.
  func weighting(_ parameter: Double?) -> Weighting {
    let place = parameter.map { [$0] } ?? points.places[0]
    return slerp ? .spherical(place[0]) : .linear(points.coefficients(at: place))
  }

  /// How the weights of tensors follow from the coefficients of a point.
  var pointWeighting: PointWeighting {
    let (rules, points) = (overrides, points)
    return PointWeighting(isSpherical: slerp) { name in
      rules.first { $0.pattern.matches(name) }.map { points.coefficients(at: [$0.parameter]) }
    }
  }

  /// Refuses rules for weights of tensors where there are none.
  ///
  /// - Parameter ensemble: what is combined.
  /// - Throws: `ValidationError` if logits are.
  func check(beside ensemble: EnsembleOptions) throws {
    let given = (slerp ? ["--slerp"] : []) + (overrides.isEmpty ? [] : ["--where"])
    guard ensemble.ensemble == nil || given.isEmpty else {
      throw ValidationError(
        "there are no tensors to weigh with \(given.joined(separator: " and ")) where --ensemble sums "
          + "logits: leave one of them out")
    }
  }

  /// The rules of tensors, in a fixed order.
  var recordedRules: [String] {
    overrides.flatMap { ["--where", "\($0.pattern.source)=\($0.parameter)"] }
      + (slerp ? ["--slerp"] : [])
  }

  /// The formula, in the letters of the help.
  var formula: String {
    slerp ? "sin((1-alpha)W)/sin W A + sin(alpha W)/sin W B" : points.formula
  }

  /// The options that shape a result, in a fixed order.
  var recorded: [String] {
    points.recorded + recordedRules
  }
}

/// A parameter for tensors of some names.
struct NamedParameter {
  let pattern: NamePattern
  let parameter: Double

  /// Reads a regular expression, `=`, and a number; the last `=` counts.
  ///
  /// - Throws: `ValidationError` that tells which of them is none.
  init(_ argument: String) throws {
    guard let equals = argument.lastIndex(of: "=") else {
      throw ValidationError("'\(argument)' has no '=' between a name pattern and a number")
    }
    let number = argument[argument.index(after: equals)...]
    guard let parameter = Double(number) else {
      throw ValidationError("'\(number)' after the last '=' is not a number")
    }
    (pattern, self.parameter) = (try NamePattern(String(argument[..<equals])), parameter)
  }
}
