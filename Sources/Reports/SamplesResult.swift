import Evaluation
import Generation
import HDF5
import JSON
import Tensors

/// Generated texts, for people and machines.
public struct SamplesResult: Sendable {
  /// One text.
  public struct Row: Hashable, Sendable {
    /// The number of the point whose model wrote it, from 0.
    public let point: Int
    /// What it follows.
    public let prompt: String
    /// What it reads as, without the end of text.
    public let text: String
    /// How it came about.
    public let generated: GeneratedText

    /// Describes a text.
    ///
    /// - Parameters:
    ///   - point: the number of the point whose model wrote it, from 0.
    ///   - prompt: what it follows.
    ///   - text: what it reads as, without the end of text.
    ///   - generated: how it came about.
    public init(point: Int, prompt: String, text: String, generated: GeneratedText) {
      (self.point, self.prompt, self.text, self.generated) = (point, prompt, text, generated)
    }
  }

  /// Where a model is.
  public struct Point: Hashable, Codable, Sendable {
    let place: [Double]
    let coefficients: [Double]

    /// Describes a point.
    ///
    /// - Parameters:
    ///   - place: a number for each axis.
    ///   - coefficients: one for each checkpoint, of tensors without a rule of their own; none
    ///     where they differ from tensor to tensor.
    public init(place: [Double], coefficients: [Double]) {
      (self.place, self.coefficients) = (place, coefficients)
    }
  }

  /// What all texts have in common.
  public struct Setting: Codable, Sendable {
    let rule: SamplingRule
    let seed: UInt64
    let formula: String
    let tensorRules: [String]
    let checkpoints: [String]
    let combination: ModelCombination

    /// Describes a setting.
    ///
    /// - Parameters:
    ///   - rule: how tokens were drawn.
    ///   - seed: of the random numbers.
    ///   - formula: what a model is of its checkpoints.
    ///   - tensorRules: options that weigh some tensors in another way.
    ///   - checkpoints: their labels, at least one.
    ///   - combination: what is combined of them.
    public init(
      rule: SamplingRule, seed: UInt64, formula: String, tensorRules: [String] = [],
      checkpoints: [String], combination: ModelCombination
    ) {
      (self.rule, self.seed, self.formula) = (rule, seed, formula)
      (self.tensorRules, self.checkpoints) = (tensorRules, checkpoints)
      self.combination = combination
    }
  }

  let rows: [Row]
  let points: [Point]
  let axes: [String]
  let setting: Setting
  /// Numbers of points some of whose texts are not there yet.
  let pending: Set<Int>

  /// Creates a result.
  ///
  /// - Parameters:
  ///   - rows: the texts, point by point, prompt by prompt.
  ///   - points: at least one.
  ///   - axes: what the numbers of a place are called, such as `alpha`; none for one point of
  ///     weights.
  ///   - setting: what all texts have in common.
  ///   - pending: numbers of points some of whose texts are not there yet.
  public init(
    _ rows: [Row], at points: [Point], along axes: [String], _ setting: Setting,
    pending: Set<Int> = []
  ) {
    (self.rows, self.points, self.axes, self.setting) = (rows, points, axes, setting)
    self.pending = pending
  }

  /// A row for each text.
  public var table: ReportTable {
    ReportTable(
      rowCount: rows.count,
      columns: [.init("point", .integer(rows.map(\.point)))]
        + axes.indices.map { axis in
          .init(axes[axis], .real(rows.map { points[$0.point].place[axis] }))
        } + [
          .init("prompt_id", .integer(rows.map(\.generated.prompt))),
          .init("sample", .integer(rows.map(\.generated.sample))),
          .init("prompt", .text(rows.map(\.prompt))),
          .init("text", .text(rows.map(\.text))),
          .init("n_tokens", .integer(rows.map(\.generated.tokens.count))),
          .init("finish", .text(rows.map { $0.generated.finish?.rawValue ?? "" })),
          .init("log_probability", .real(rows.map(\.generated.logProbability))),
        ])
  }

  /// A JSON object for each text, with its tokens.
  public var jsonLines: [String] {
    rows.map { row in
      let (text, tokens) = (row.generated, row.generated.tokens.map { "\($0)" })
      return jsonObject(
        [
          ("kind", jsonString("sample")), ("point", "\(row.point)"),
        ] + zip(axes, points[row.point].place).map { ($0, "\($1)") } + [
          ("prompt", jsonString(row.prompt)),
          ("prompt_id", "\(text.prompt)"), ("sample", "\(text.sample)"),
          ("text", jsonString(row.text)), ("tokens", "[" + tokens.joined(separator: ",") + "]"),
          ("finish", jsonString(text.finish?.rawValue ?? "")),
          ("log_probability", text.logProbability.isFinite ? "\(text.logProbability)" : "null"),
        ])
    }
  }

  /// What a person reads: each point, where there are several, with its prompts and their texts, safe
  /// to print.
  public var lines: [String] {
    rows.indices.flatMap { index -> [String] in
      let (row, last) = (rows[index], index == 0 ? nil : rows[index - 1])
      let isNewPoint = last?.point != row.point
      let isNewPrompt = isNewPoint || last?.generated.prompt != row.generated.prompt
      return (isNewPoint && points.count > 1 ? ["", place(row.point)] : [])
        + (isNewPrompt ? ["", "prompt \(row.generated.prompt): \(row.prompt)"] : [])
        + ["  \(row.generated.sample): \(row.text)\(row.generated.finish == .stop ? " ∎" : "")"]
    }.dropFirst().map(\.escapedForTerminal)
  }

  private func place(_ point: Int) -> String {
    zip(axes, points[point].place).map { "\($0) \($1.brief)" }.joined(separator: ", ")
  }
}
