import Evaluation
import HDF5

extension ScoreReport {
  /// The groups `/score` and `/samples` of a result file.
  ///
  /// - Parameter attributes: of both groups, besides their own.
  /// - Returns: the groups.
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups(attributes: [ResultAttribute] = []) throws -> [ResultGroup] {
    try [
      ResultGroup(
        "score", attributes: [ResultAttribute("kind", .text("score"))] + attributes,
        variables: places() + ScoreReport.variables(of: scores, quantities, over: ["set"])
          + status()),
      ResultGroup(
        "samples", attributes: [ResultAttribute("kind", .text("samples"))] + attributes,
        variables: texts()
          + TextFigureColumns(scores.flatMap(\.figures), quantities).variables()),
    ]
  }

  /// The numbers of sets as variables of a result group, with their errors.
  ///
  /// - Parameters:
  ///   - scores: of each set.
  ///   - quantities: what of.
  ///   - dimensions: those of sets, such as `alpha`.
  /// - Returns: one variable for each number, and one for each error.
  /// - Throws: `HDF5Error` if a name is unusable.
  public static func variables(
    of scores: [TextScores], _ quantities: [TextQuantity], over dimensions: [String]
  ) throws -> [ResultVariable] {
    func count(
      _ name: String, _ longName: String, _ value: (TextScores) -> Int
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: dimensions, .int64(scores.map { Int64(value($0)) }), longName: longName)
    }
    let numbers = try quantities.flatMap { quantity in
      try [("", ""), ("_errors", "standard error over prompts: ")].prefix(quantity.hasError ? 2 : 1)
        .map { suffix, words in
          try ResultVariable(
            quantity.rawValue + suffix, dimensions: dimensions,
            .float64(
              scores.map {
                let estimate = $0.estimate(quantity)
                return suffix.isEmpty ? estimate.value : estimate.standardError
              }), longName: words + quantity.longName, units: quantity.units)
        } + [
          count(
            quantity.rawValue + "_texts", "texts that take part in \(quantity.rawValue)"
          ) { $0.textCount(quantity) }
        ]
    }
    return try [
      count("n_texts", "texts", \.figures.count), count("n_prompts", "prompts", \.promptCount),
      count("n_empty", "texts of nothing but white space") { $0.emptyTexts.count },
    ] + numbers
  }

  /// Which sets are scored; told only where one is not.
  private func status() throws -> [ResultVariable] {
    guard !pending.isEmpty else { return [] }
    return [
      try .flags(
        "status", dimensions: ["set"], scores.indices.map { pending.contains($0) ? 1 : 0 },
        meanings: ["done", "pending"], longName: "whether all texts of the set are scored")
    ]
  }

  private func places() throws -> [ResultVariable] {
    let sets = scores.map(\.set)
    return try [
      ResultVariable(
        "set", dimensions: ["set"], .text(sets.map(label)), longName: "set of texts"),
      ResultVariable(
        "source", dimensions: ["set"], .text(sets.map(\.name)), longName: "where texts are from"),
    ] + coordinates(of: sets, over: "set")
  }

  /// Where sets, or texts of sets, are on a path.
  private func coordinates(
    of sets: [TextSet], over dimension: String
  ) throws -> [ResultVariable] {
    try TextSet.Coordinate.names.compactMap { name in
      let values = sets.map { $0[name] ?? .nan }
      guard !values.allSatisfy(\.isNaN) else { return nil }
      return try ResultVariable(
        name, dimensions: [dimension], .float64(values), longName: "\(name) of the set")
    }
  }

  private func texts() throws -> [ResultVariable] {
    let rows = scores.enumerated().flatMap { number, score in
      score.set.texts.map { (set: number, text: $0) }
    }
    func integer(
      _ name: String, _ longName: String, _ values: [Int]
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: ["sample"], .int32(values.map { Int32(clamping: $0) }),
        longName: longName)
    }
    return try [
      ResultVariable(
        "sample", dimensions: ["sample"], .int64(rows.indices.map { Int64($0) }),
        longName: "number of the text"),
      integer("set_id", "number of its set, from 0", rows.map(\.set)),
    ] + coordinates(of: rows.map { scores[$0.set].set }, over: "sample")
      + [
        integer("line", "line of its file, from 1", rows.map { $0.text.line ?? 0 }),
        integer(
          "prompt_id", "number of its prompt, as the file has it, or from 0",
          rows.map(\.text.promptID)),
        integer(
          "replicate",
          "number of the text among those of its prompt, as the file has it, or from 0",
          rows.map(\.text.replicate)),
        ResultVariable(
          "prompt", dimensions: ["sample"],
          .text(rows.map { String(decoding: $0.text.prompt, as: UTF8.self) }),
          longName: "text before"),
        ResultVariable(
          "text", dimensions: ["sample"],
          .text(rows.map { String(decoding: $0.text.text, as: UTF8.self) }),
          longName: "text that is scored"),
      ]
  }
}
