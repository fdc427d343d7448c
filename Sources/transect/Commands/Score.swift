import ArgumentParser
import Checkpoints
import Evaluation
import HDF5
import Reports
import Tokenization

/// `transect score`: numbers about generated texts, or any.
struct Score: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Score texts: perplexity, positive score, grammar score, distinct-n, repetition.",
    discussion: """
      TEXTS are JSON lines, as `generate --json` prints them or with --field and --prompt-field, or \
      plain ones: a text a line in a file that ends in .txt or with --lines. Texts of one file, and \
      of one alpha, beta, w_plus, w_minus or point if they say so, are a set; numbers are of sets, \
      with standard errors over prompts.

      Prompt and text are encoded apart and joined as tokens, so that a text's perplexity is of its \
      own tokens alone.
      """)

  @Argument(help: "Files of texts: FILE, NAME=FILE, or - for standard input.")
  var texts: [NamedFile]

  @OptionGroup var layout: TextOptions

  @Option(help: "Where the prompt of a JSON line is, as for --field; prompt if not given.")
  var promptField: String?

  @OptionGroup var scorers: ScorerOptions

  @Flag(help: "Print a row for each text instead of each set.")
  var perText = false

  @OptionGroup var language: LanguageModelOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var sharding: ShardOptions

  func validate() throws {
    guard !texts.isEmpty else { throw ValidationError("name at least one file of texts") }
    let names = Dictionary(grouping: texts, by: \.name)
    if let name = texts.map(\.name).first(where: { names[$0, default: []].count > 1 }) {
      throw ValidationError(
        "two files are called '\(name.escapedForTerminal)'; name one otherwise: NAME=FILE")
    }
    guard promptField == nil || !layout.lines && !layout.trees else {
      throw ValidationError("--prompt-field is for JSON lines")
    }
  }

  func run() throws {
    try output.checkOutput(against: [], making: command)
    let (sets, sources, byteCount) = try read()
    let opened = try OpenedScorers(
      scorers, language, resources, before: output, making: command,
      extra: memory(of: sets, byteCount: byteCount))
    if sharding.dryRun {
      return try ScoreRun.estimate(
        of: sets, by: opened, memory: memory(of: sets, byteCount: byteCount), resources
      ).show(printing)
    }
    let inputs = try sources + (output.output == nil ? [] : opened.inputs(resources))
    if try sharding.part(of: output) != nil {
      let run = ScoreRun(
        sets: sets, scorer: opened.scorer, threads: resources.threads,
        plan: ScorePlan(
          sets, quantities: TextQuantity.allCases.filter(opened.scorer.gives),
          wordRule: scorers.wordRule, attributes: scorers.attributes))
      let keeper = try RunJournal(output, sharding, printing, of: inputs, [command])
      try run.finish(keeper, printing, whole(inputs, run.plan))
      return try opened.verifyUnchanged()
    }
    let scores = try opened.scorer.scores(of: sets, threads: resources.threads)
    try opened.verifyUnchanged()
    let report = ScoreReport(
      scores, quantities: TextQuantity.allCases.filter(opened.scorer.gives),
      notes: scorers.notes(opened.scorer))
    try output.write {
      try output.resultFile(
        title: Score.title, command: command, inputs: inputs,
        groups: report.groups(attributes: scorers.attributes))
    }
    try show(report, scorers.members(opened.scorer))
  }

  private static let title = "Scores of texts"

  private func whole(_ inputs: [Provenance.Input], _ plan: ScorePlan) -> RunPlan {
    output.plan(title: Score.title, command: command, inputs: inputs, .score(plan))
  }

  /// Bytes that words, n-grams and tokens take, for each of a file; measured on files of one to a
  /// hundred words a text, where these and ``memoryOfText`` together are 1 to 1.6 times what is taken.
  static let memoryOfByte = 25
  /// Bytes that each text takes besides, with its numbers.
  static let memoryOfText = 450
  /// Bytes that a text takes in a result file, and as a printed row.
  private static let memoryOfOutput = (stored: 200, printed: 800)

  private func memory(of sets: [TextSet], byteCount: Int) -> Int {
    let (stored, printed) = Score.memoryOfOutput
    let each = Score.memoryOfText + (output.output == nil ? 0 : stored) + (perText ? printed : 0)
    return byteCount * Score.memoryOfByte + sets.reduce(0) { $0 + $1.texts.count } * each
  }

  private func read() throws -> (
    sets: [TextSet], sources: [Provenance.Input], byteCount: Int
  ) {
    var (reader, sources, byteCount) = (TextSetReader(), [Provenance.Input](), 0)
    for file in texts {
      let input = try TextInput(file.path)
      let bytes = try input.rest()
      let (before, layout) = (reader.sets.count, layout(of: file.path))
      try requireObject(bytes, layout, path: input.path)
      try reader.read(bytes, named: file.name, path: input.path, layout: layout)
      guard reader.sets.count > before else {
        throw CheckpointError(.incomplete, in: input.path, "has no texts")
      }
      sources.append(.init(label: file.name, role: "data", path: file.path, bytes: bytes))
      byteCount += bytes.count
    }
    return (reader.sets, sources, byteCount)
  }

  /// Refuses plain text where JSON lines are expected.
  private func requireObject(
    _ bytes: [UInt8], _ layout: TextSetLayout, path: String
  ) throws {
    guard case .jsonLines = layout,
      let start = bytes.firstIndex(where: { !" \t\r\n".utf8.contains($0) }),
      bytes[start] != UInt8(ascii: "{")
    else { return }
    guard !bytes.starts(with: StoredResult.signature) else {
      throw TokenizationError(
        .unsupported, in: path,
        "is HDF5; the texts of path, plane and generate are scored, or printed by their --json")
    }
    throw TokenizationError(
      .malformed, in: path, line: 1 + bytes[..<start].count { $0 == UInt8(ascii: "\n") },
      "expected a JSON object; --lines reads each line as a text")
  }

  private func layout(of path: String) -> TextSetLayout {
    if layout.trees { return .trees }
    let isPlain = path.hasSuffix(".txt") && layout.field == nil && promptField == nil
    if layout.lines || isPlain { return .lines }
    return .jsonLines(
      text: layout.field ?? "text", prompt: promptField ?? "prompt",
      requiresPrompt: promptField != nil)
  }

  private func show(_ report: ScoreReport, _ members: [(String, String)]) throws {
    let header = jsonHeader("score", members)
    guard perText else {
      return try printing.show(
        json: [header] + jsonLines(report.table, kind: "score"), csv: report.table,
        text: report.lines)
    }
    let table = report.textTable(withTexts: false)
    try printing.show(
      json: [header] + jsonLines(report.textTable(withTexts: true), kind: "text"), csv: table,
      text: TerminalTable(table).lines(width: TerminalTable.width))
  }

  /// What shapes the result file, in a fixed order.
  private var command: String {
    output.command(
      "score", texts.map { "\($0.name)=\(recordedPath($0.path, whole: output.recordPaths))" },
      options: layout.recorded + (promptField.map { ["--prompt-field", $0] } ?? [])
        + scorers.recorded(withPaths: output.recordPaths) + language.recorded)
  }
}
