import ArgumentParser
import Evaluation
import HDF5
import JSON
import Reports
import Tokenization

/// `transect next`: what comes next after a prompt, along the line between two checkpoints.
struct Next: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Next-token probabilities of GPT-2 along the line between two checkpoints.",
    discussion: """
      Gives the probabilities of --words, and of the --likeliest tokens anywhere on the line. A \
      word gets a blank before it unless the prompt ends in one; one of several tokens has the \
      probability of them all.
      """)

  @OptionGroup var path: PathOptions

  @Option(help: "The text before.")
  var prompt: String

  @Option(help: "Words to look at, as great,terrible.")
  var words: String?

  @Option(
    name: [.customLong("top"), .customLong("likeliest")], help: "How many other tokens to show.")
  var likeliest = 20

  @Flag(inversion: .prefixedNo, help: "Put the end-of-text token before the prompt.")
  var bos = true

  @OptionGroup var ensemble: EnsembleOptions
  @OptionGroup var language: LanguageModelOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard likeliest >= 0 else { throw ValidationError("--top must not be negative") }
  }

  func run() throws {
    let run = try OpenedFamily(
      .init(
        checkpoints: path.checkpoints, combination: ensemble.combination(base: path.basePosition),
        language: language, resources: resources, output: output, command: command))
    let asked = continuations(run.tokenizer)
    let found = try NextTokens(
      after: promptTokens(run.tokenizer), asked: asked, in: run.models,
      at: path.alphas.map(path.line.path.coefficients), threads: resources.threads)
    let others = found.likeliest(likeliest)
    let report = NextReport(
      path.line, alphas: path.alphas, checkpoints: run.labels, prompt: prompt,
      continuations: asked + (try others.map { try continuation($0, run.tokenizer) }),
      asked: asked.count, logProbabilities: found.logProbabilities(of: others))
    try run.verifyUnchanged()
    try output.write { try result(report, run) }
    try show(report, run)
  }

  private func promptTokens(_ tokenizer: ByteLevelTokenizer) throws -> [Int32] {
    let tokens = tokenizer.encode(Array(prompt.utf8))
    let start = bos ? tokenizer.endOfText.map { [$0] } ?? [] : []
    guard !(start + tokens).isEmpty else {
      throw ValidationError("an empty prompt needs --bos, and a tokenizer with an end of text")
    }
    return start + tokens
  }

  private func continuations(_ tokenizer: ByteLevelTokenizer) -> [NextTokens.Continuation] {
    let blank = prompt.isEmpty || prompt.last?.isWhitespace == true ? "" : " "
    return (words ?? "").split(separator: ",").map { word in
      let word = word.drop { $0 == " " }
      let text = blank + word
      return .init(text: text, tokens: tokenizer.encode(Array(text.utf8)))
    }
  }

  private func continuation(
    _ id: Int32, _ tokenizer: ByteLevelTokenizer
  ) throws -> NextTokens.Continuation {
    // Models may have more rows of embeddings than there are tokens.
    let isKnown = tokenizer.vocabulary.bytes(of: id) != nil
    let bytes = isKnown ? try tokenizer.decode([id]) : Array("<\(id)>".utf8)
    return .init(text: String(decoding: bytes, as: UTF8.self), tokens: [id])
  }

  private func show(_ report: NextReport, _ run: OpenedFamily) throws {
    let combination = run.models.combination
    let header = [("prompt", jsonString(prompt))] + combination.jsonMembers(run.labels)
    try printing.show(
      json: [jsonHeader("next", header)] + jsonLines(report.table, kind: "token"),
      csv: report.table,
      text: combination.lines(run.labels, ofText: false)
        + TerminalTable(report.summary).lines(width: TerminalTable.width))
  }

  private func result(_ report: NextReport, _ run: OpenedFamily) throws -> ResultFile {
    try output.resultFile(
      title: "Next-token probabilities along a path", command: command, inputs: run.inputs([]),
      groups: report.groups(attributes: run.models.combination.attributes(run.labels)))
  }

  private var command: String {
    let options =
      ["--prompt", prompt] + (words.map { ["--words", $0] } ?? []) + ["--top", "\(likeliest)"]
      + (bos ? [] : ["--no-bos"]) + ensemble.recorded + language.recorded
    return output.command(
      "next", options: path.recorded(withPaths: output.recordPaths) + options)
  }
}
