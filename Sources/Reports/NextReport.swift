import Evaluation
import Glibc
import HDF5

/// Probabilities of what comes next along a path, for people and machines.
public struct NextReport: Sendable {
  private let parameter: PathReport.Parameter
  private let alphas: [Double]
  private let continuations: [NextTokens.Continuation]
  /// [points][continuations], nats.
  private let logProbabilities: [[Double]]
  private let prompt: String
  private let checkpoints: [String]
  private let asked: Int

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - parameter: what the path is.
  ///   - alphas: the points, ascending.
  ///   - checkpoints: labels of A, B and, if there is one, C.
  ///   - prompt: the text before.
  ///   - continuations: what may come next, what was asked for first.
  ///   - asked: how many were asked for.
  ///   - logProbabilities: [points][continuations], in nats.
  public init(
    _ parameter: PathReport.Parameter, alphas: [Double], checkpoints: [String], prompt: String,
    continuations: [NextTokens.Continuation], asked: Int, logProbabilities: [[Double]]
  ) {
    (self.checkpoints, self.asked) = (checkpoints, asked)
    (self.parameter, self.alphas, self.prompt) = (parameter, alphas, prompt)
    (self.continuations, self.logProbabilities) = (continuations, logProbabilities)
  }

  /// What a person reads: a row for each continuation, its probability at up to seven points.
  public var summary: ReportTable {
    let shown = stride(from: 0, through: 6, by: 1).map { $0 * (alphas.count - 1) / 6 }
    let places = Set(shown).sorted()
    return ReportTable(
      rowCount: continuations.count,
      columns: [.init("token", heading: "token", .text(continuations.map { quoted($0.text) }))]
        + places.map { place in
          .init(
            nil, heading: "\(parameter.rawValue) \(alphas[place].brief)",
            .real(logProbabilities[place].map { exp($0) }))
        })
  }

  /// A row for each point and continuation.
  public var table: ReportTable {
    let rows = alphas.indices.flatMap { point in
      continuations.indices.map { (point: point, word: $0) }
    }
    let logs = rows.map { logProbabilities[$0.point][$0.word] }
    return ReportTable(
      rowCount: rows.count,
      columns: [
        .init(parameter.rawValue, .real(rows.map { alphas[$0.point] })),
        .init("token", .text(rows.map { continuations[$0.word].text })),
        .init("n_tokens", .integer(rows.map { continuations[$0.word].tokens.count })),
        .init("id", .integer(rows.map { Int(continuations[$0.word].tokens[0]) })),
        .init("probability", .real(logs.map { exp($0) })),
        .init("log_probability", .real(logs)),
      ])
  }

  private func quoted(_ text: String) -> String { "'" + text + "'" }

  /// The group `/next` of a result file.
  ///
  /// - Parameter attributes: besides its own.
  /// - Returns: the group.
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups(attributes: [ResultAttribute] = []) throws -> [ResultGroup] {
    let axis = parameter.rawValue
    return try [
      ResultGroup(
        "next",
        attributes: [
          ResultAttribute("kind", .text("next")), ResultAttribute("prompt", .text(prompt)),
          ResultAttribute("parametrization", .text(parameter.formula)),
        ] + PathReport.roles(checkpoints) + attributes,
        variables: [
          ResultVariable(
            axis, dimensions: [axis], .float64(alphas),
            longName: "parameter of \(parameter.formula)"),
          ResultVariable(
            "token", dimensions: ["token"], .text(continuations.map(\.text)),
            longName: "what comes next"),
          ResultVariable(
            "token_id", dimensions: ["token"],
            .int64(continuations.map { Int64($0.tokens[0]) }), longName: "id of its first token"),
          ResultVariable.flags(
            "choice", dimensions: ["token"],
            continuations.indices.map { $0 < asked ? 0 : 1 }, meanings: ["asked", "likeliest"],
            longName: "why it is here"),
          ResultVariable(
            "n_tokens", dimensions: ["token"],
            .int64(continuations.map { Int64($0.tokens.count) }), longName: "tokens it has"),
          ResultVariable(
            "next_token_logprob", dimensions: [axis, "token"],
            .float64(logProbabilities.flatMap { $0 }),
            longName: "log-probability that all its tokens come next", units: "nat"),
        ])
    ]
  }
}
