import ArgumentParser
import Checkpoints
import Geometry
import Reports

/// A line through two checkpoints, and places on it.
struct PathOptions: ParsableArguments {
  @Argument(help: "Checkpoint A.")
  var first: String

  @Argument(help: "Checkpoint B.")
  var second: String

  @Option(help: "Checkpoint C, for --line beta.")
  var base: String?

  @Option(help: "Which line: alpha, A + alpha (B - A), or beta, C + beta (B - A).")
  var line = PathReport.Parameter.alpha

  @Option(
    name: .customLong("alpha"), parsing: .unconditional,
    help: """
      Points, of either line: START:STOP:COUNT with both ends, or a list such as 0,0.5,1. \
      (default: 0:1:11)
      """,
    transform: PointList.init)
  var places = PointList(text: "0:1:11", values: (0...10).map { Double($0) / 10 })

  func validate() throws {
    guard line == .alpha || base != nil else { throw ValidationError("--line beta needs --base") }
    guard line == .beta || base == nil else { throw ValidationError("--base is for --line beta") }
  }

  /// The checkpoints with their roles, in the order of coefficients.
  var checkpoints: [(argument: String, role: String)] {
    [(first, "a"), (second, "b")] + (base.map { [($0, "base")] } ?? [])
  }

  /// Which of them filters tokens where logits are summed: C, or A where there is none.
  var basePosition: Int { base == nil ? 0 : 2 }

  /// The places, on the line from A to B both ends among them.
  var alphas: [Double] { Set(places.values + (line == .alpha ? [0, 1] : [])).sorted() }

  /// The arguments and options as they are recorded.
  ///
  /// - Parameter withPaths: whether whole paths are.
  /// - Returns: words of a command line.
  func recorded(withPaths: Bool) -> [String] {
    func recorded(_ path: String) -> String { recordedPath(path, whole: withPaths) }
    return [recorded(first), recorded(second)]
      + (base.map { ["--base", recorded($0), "--line", "beta"] } ?? []) + ["--alpha", places.text]
  }
}

extension PathReport.Parameter: ExpressibleByArgument {}
