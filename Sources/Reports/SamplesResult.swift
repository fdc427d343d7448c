import Generation
import HDF5
import JSON
import Tensors

/// Generated texts, for people and machines.
public struct SamplesResult: Sendable {
  /// One text.
  public struct Row: Hashable, Sendable {
    /// What it follows.
    public let prompt: String
    /// What it reads as, without the end of text.
    public let text: String
    /// How it came about.
    public let generated: GeneratedText

    /// Describes a text.
    ///
    /// - Parameters:
    ///   - prompt: what it follows.
    ///   - text: what it reads as, without the end of text.
    ///   - generated: how it came about.
    public init(prompt: String, text: String, generated: GeneratedText) {
      (self.prompt, self.text, self.generated) = (prompt, text, generated)
    }
  }

  private let rows: [Row]
  private let rule: SamplingRule
  private let seed: UInt64
  private let formula: String
  private let checkpoints: [String]
  private let coefficients: [Double]

  /// Creates a result.
  ///
  /// - Parameters:
  ///   - rows: the texts, prompt by prompt.
  ///   - rule: how tokens were drawn.
  ///   - seed: of the random numbers.
  ///   - formula: what the model is of its checkpoints.
  ///   - checkpoints: their labels, at least one.
  ///   - coefficients: one for each.
  public init(
    _ rows: [Row], rule: SamplingRule, seed: UInt64, formula: String, checkpoints: [String],
    coefficients: [Double]
  ) {
    (self.rows, self.rule, self.seed, self.formula) = (rows, rule, seed, formula)
    (self.checkpoints, self.coefficients) = (checkpoints, coefficients)
  }

  /// A row for each text.
  public var table: ReportTable {
    ReportTable(
      rowCount: rows.count,
      columns: [
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
      return jsonObject([
        ("kind", jsonString("sample")), ("prompt", jsonString(row.prompt)),
        ("prompt_id", "\(text.prompt)"), ("sample", "\(text.sample)"),
        ("text", jsonString(row.text)), ("tokens", "[" + tokens.joined(separator: ",") + "]"),
        ("finish", jsonString(text.finish?.rawValue ?? "")),
        ("log_probability", text.logProbability.isFinite ? "\(text.logProbability)" : "null"),
      ])
    }
  }

  /// What a person reads: each prompt with its texts, safe to print.
  public var lines: [String] {
    rows.indices.flatMap { index -> [String] in
      let row = rows[index]
      let isFirst = index == 0 || rows[index - 1].generated.prompt != row.generated.prompt
      let head = ["", "prompt \(row.generated.prompt): \(row.prompt)"]
      return (isFirst ? head : [])
        + ["  \(row.generated.sample): \(row.text)\(row.generated.finish == .stop ? " ∎" : "")"]
    }.dropFirst().map(\.escapedForTerminal)
  }

  /// The group `/samples` of a result file.
  ///
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups() throws -> [ResultGroup] {
    [try ResultGroup("samples", attributes: attributes, variables: places() + contents())]
  }

  private var attributes: [ResultAttribute] {
    [
      ResultAttribute("kind", .text("samples")), ResultAttribute("parametrization", .text(formula)),
      ResultAttribute("checkpoints", .texts(checkpoints)),
      ResultAttribute("coefficients", .float64s(coefficients)),
      ResultAttribute("temperature", .float64(rule.temperature)),
      ResultAttribute("top_p", .float64(rule.topP)),
    ] + (rule.topK.map { [ResultAttribute("top_k", .int32(Int32(clamping: $0)))] } ?? [])
  }

  private func places() throws -> [ResultVariable] {
    try [
      ResultVariable(
        "sample", dimensions: ["sample"], .int64(rows.indices.map { Int64($0) }),
        longName: "number of the text"),
      ResultVariable(
        "prompt_id", dimensions: ["sample"],
        .int32(rows.map { Int32(clamping: $0.generated.prompt) }),
        longName: "number of its prompt, from 0"),
      ResultVariable(
        "replicate", dimensions: ["sample"],
        .int32(rows.map { Int32(clamping: $0.generated.sample) }),
        longName: "number of the text among those of its prompt, from 0"),
      ResultVariable(
        "seed", dimensions: ["sample"], .int64(rows.map { _ in Int64(bitPattern: seed) }),
        longName: "seed of the random numbers"),
    ]
  }

  private func contents() throws -> [ResultVariable] {
    let codes = GeneratedText.Finish.allCases
    return try [
      ResultVariable(
        "prompt", dimensions: ["sample"], .text(rows.map(\.prompt)), longName: "text before"),
      ResultVariable(
        "text", dimensions: ["sample"], .text(rows.map(\.text)), longName: "generated text"),
      ResultVariable(
        "n_tokens", dimensions: ["sample"],
        .int32(rows.map { Int32(clamping: $0.generated.tokens.count) }),
        longName: "tokens generated, with the end of text"),
      ResultVariable.flags(
        "finish", dimensions: ["sample"],
        rows.map { Int8($0.generated.finish == .stop ? 0 : 1) }, meanings: codes.map(\.rawValue),
        longName: "why it ends"),
      ResultVariable(
        "logprob", dimensions: ["sample"], .float64(rows.map(\.generated.logProbability)),
        longName: "log-probability of its tokens by the model", units: "nat"),
    ]
  }
}
