import Evaluation
import Generation
import HDF5

extension SamplesResult {
  /// The groups `/samples` and `/samples_coefficients` of a result file.
  ///
  /// - Parameters:
  ///   - others: attributes of `/samples` besides its own.
  ///   - figures: variables of it besides its own, such as scores.
  /// - Returns: the groups.
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups(
    attributes others: [ResultAttribute] = [], figures: [ResultVariable] = []
  ) throws -> [ResultGroup] {
    [
      try ResultGroup(
        "samples", attributes: attributes + others,
        variables: places() + numbers() + contents() + figures),
      try coefficients(),
    ]
  }

  private var attributes: [ResultAttribute] {
    let rule = setting.rule
    return [
      ResultAttribute("kind", .text("samples")),
      ResultAttribute("parametrization", .text(setting.formula)),
      ResultAttribute("checkpoints", .texts(setting.checkpoints)),
      ResultAttribute("temperature", .float64(rule.temperature)),
      ResultAttribute("top_p", .float64(rule.topP)),
    ] + (rule.topK.map { [ResultAttribute("top_k", .int32(Int32(clamping: $0)))] } ?? [])
      + (setting.tensorRules.isEmpty
        ? [] : [ResultAttribute("tensor_rules", .texts(setting.tensorRules))])
      + setting.combination.attributes(setting.checkpoints)
  }

  /// Which point each text is of.
  private func places() throws -> [ResultVariable] {
    try [
      ResultVariable(
        "sample", dimensions: ["sample"], .int64(rows.indices.map { Int64($0) }),
        longName: "number of the text"),
      ResultVariable(
        "point", dimensions: ["sample"], .int32(rows.map { Int32(clamping: $0.point) }),
        longName: "number of its point, from 0"),
    ]
      + axes.indices.map { axis in
        try ResultVariable(
          axes[axis], dimensions: ["sample"],
          .float64(rows.map { points[$0.point].place[axis] }),
          longName: "parameter of \(setting.formula)")
      }
  }

  private func numbers() throws -> [ResultVariable] {
    try [
      ResultVariable(
        "prompt_id", dimensions: ["sample"],
        .int32(rows.map { Int32(clamping: $0.generated.prompt) }),
        longName: "number of its prompt, from 0"),
      ResultVariable(
        "replicate", dimensions: ["sample"],
        .int32(rows.map { Int32(clamping: $0.generated.sample) }),
        longName: "number of the text among those of its prompt, from 0"),
      ResultVariable(
        "seed", dimensions: ["sample"], .int64(rows.map { _ in Int64(bitPattern: setting.seed) }),
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

  private func coefficients() throws -> ResultGroup {
    try ResultGroup(
      "samples_coefficients", attributes: [ResultAttribute("kind", .text("samples"))],
      variables: [
        ResultVariable(
          "point", dimensions: ["point"], .int32(points.indices.map { Int32(clamping: $0) }),
          longName: "number of the point"),
        ResultVariable(
          "checkpoint", dimensions: ["checkpoint"], .text(setting.checkpoints),
          longName: "checkpoint"),
      ]
        + coefficientsOfCheckpoints()
        + axes.indices.map { axis in
          try ResultVariable(
            axes[axis], dimensions: ["point"], .float64(points.map { $0.place[axis] }),
            longName: "parameter of \(setting.formula)")
        } + status())
  }

  /// Which points have all their texts; told only where one has not.
  private func status() throws -> [ResultVariable] {
    guard !pending.isEmpty else { return [] }
    return [
      try .flags(
        "status", dimensions: ["point"], points.indices.map { pending.contains($0) ? 1 : 0 },
        meanings: ["done", "pending"], longName: "whether all texts of the point are there")
    ]
  }

  /// None where they differ from tensor to tensor.
  private func coefficientsOfCheckpoints() throws -> [ResultVariable] {
    guard points.allSatisfy({ !$0.coefficients.isEmpty }) else { return [] }
    let exception = setting.tensorRules.isEmpty ? "" : ", where tensor_rules say nothing else"
    return [
      try ResultVariable(
        "coefficient", dimensions: ["point", "checkpoint"],
        .float64(points.flatMap(\.coefficients)),
        longName: "coefficient of the checkpoint" + exception)
    ]
  }
}
