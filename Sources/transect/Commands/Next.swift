import ArgumentParser
import Checkpoints
import Evaluation
import Geometry
import HDF5
import JSON
import Models
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

  @OptionGroup var language: LanguageModelOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions
  @OptionGroup var output: OutputOptions

  func validate() throws {
    guard likeliest >= 0 else { throw ValidationError("--top must not be negative") }
  }

  func run() throws {
    let arguments = path.checkpoints.map(\.argument)
    let checkpoints = try openModels(arguments, resources, before: output, making: command)
    let models = try language.models(checkpoints)
    try resources.requireMemory(for: models.model)
    let tokenizer = try language.tokenizer(of: models)
    let asked = continuations(tokenizer)
    let found = try NextTokens(
      after: promptTokens(tokenizer), asked: asked, in: models,
      at: path.alphas.map(path.path.coefficients), threads: resources.threads)
    let others = found.likeliest(likeliest)
    let report = NextReport(
      path.line, alphas: path.alphas, checkpoints: labels(of: arguments), prompt: prompt,
      continuations: asked + (try others.map { try continuation($0, tokenizer) }),
      asked: asked.count, logProbabilities: found.logProbabilities(of: others))
    for checkpoint in checkpoints { try checkpoint.checkpoint.verifyUnchanged() }
    try output.write { try result(report, checkpoints) }
    try show(report)
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

  private func show(_ report: NextReport) throws {
    try printing.show(
      json: [jsonHeader("next", [("prompt", jsonString(prompt))])]
        + jsonLines(report.table, kind: "token"),
      csv: report.table, text: TerminalTable(report.summary).lines(width: TerminalTable.width))
  }

  private func result(_ report: NextReport, _ models: [ParameterList]) throws -> ResultFile {
    try output.resultFile(
      title: "Next-token probabilities along a path", command: command,
      inputs: recordedInputs(
        path.checkpoints.map(\.argument), path.checkpoints.map(\.role), models, resources)
        + language.companions(of: path.first),
      groups: report.groups())
  }

  private var command: String {
    let options =
      ["--prompt", prompt] + (words.map { ["--words", $0] } ?? []) + ["--top", "\(likeliest)"]
      + (bos ? [] : ["--no-bos"]) + language.recorded
    return output.command(
      "next", options: path.recorded(withPaths: output.recordPaths) + options)
  }
}
