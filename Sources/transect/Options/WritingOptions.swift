import ArgumentParser
import Checkpoints
import Tokenization

/// Whether models write texts at points, after what, and what scores them.
struct WritingOptions: ParsableArguments {
  @Option(
    help: """
      A file of prompts, or - for standard input: after each, texts are written at every point by \
      the same random numbers, and scored. JSON lines, or a prompt a line if it ends in .txt.
      """)
  var generate: String?

  @Option(help: "Where the prompt of a JSON line is, as for --field; prompt.text if not given.")
  var promptField: String?

  @OptionGroup var generation: GenerationOptions
  @OptionGroup var scorers: ScorerOptions

  func validate() throws {
    let names = [scorers.scorer, scorers.sentiment, scorers.grammar, promptField]
    guard generate != nil || names.allSatisfy({ $0 == nil }) else {
      throw ValidationError("scorers and --prompt-field are for --generate")
    }
  }

  /// Refuses a run that would measure nothing, or read standard input twice.
  ///
  /// - Parameter scoring: which losses are measured.
  /// - Throws: `ValidationError` that says so.
  func requireWork(beside scoring: ScoringOptions) throws {
    guard !scoring.texts.isEmpty || generate != nil else {
      throw ValidationError("name a text with --text, or prompts with --generate")
    }
    guard generate != "-" || scoring.texts.allSatisfy({ $0.path != "-" }) else {
      throw ValidationError("--text and --generate cannot both be standard input")
    }
  }

  /// Reads the prompts, if there are any.
  ///
  /// - Returns: the prompts.
  /// - Throws: `CheckpointError` or `TokenizationError` if they cannot be read.
  func read() throws -> ReadPrompts? {
    try generate.map { path in
      try ReadPrompts(of: path) { documents(layout(of: path), in: $0, of: path) }
    }
  }

  private func layout(of path: String) -> TextLayout {
    promptField == nil && path.hasSuffix(".txt")
      ? .lines : .jsonLines(field: promptField ?? "prompt.text")
  }

  /// What scores are of, as members of a JSON header; none where nothing is scored.
  var jsonMembers: [(String, String)] { generate == nil ? [] : scorers.jsonMembers }

  /// What a result is about, as its title begins.
  var subject: String { generate == nil ? "Loss" : "Generated texts and their scores" }

  /// The options that shape texts, in a fixed order.
  var shaping: [String] {
    guard generate != nil else { return [] }
    return (promptField.map { ["--prompt-field", $0] } ?? []) + generation.recorded
  }

  /// The options that shape a result, in a fixed order.
  func recorded(withPaths: Bool) -> [String] {
    guard let generate else { return [] }
    return ["--generate", recordedPath(generate, whole: withPaths)] + shaping
      + scorers.recorded(withPaths: withPaths)
  }
}
