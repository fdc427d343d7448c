import ArgumentParser
import Checkpoints
import Geometry
import JSON
import Reports
import Tensors

/// `transect check`: whether two checkpoints can be merged.
struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Check before a merge whether it can work.",
    discussion: """
      Compares names, shapes, types, output heads, configurations, tokens and values, tests for a \
      shared initialization, and with --base how far what two fine-tunes learned cancels. Prints a \
      line for each: OK, WARN (a merge works, and may not give what is wanted) or FAIL (it fails, \
      or gives noise).

      Exit codes: 0 no FAIL, 1 a FAIL, 2 unusable input.
      """)

  @Argument(help: "One checkpoint.")
  var a: String

  @Argument(help: "The other.")
  var b: String

  @Option(help: "What both were fine-tuned from.")
  var base: String?

  @Option(help: "Level of the test of a shared initialization.")
  var level = 1e-6

  @Option(help: "Units of A to look at in each group of one block, at random; default is all.")
  var rows: Int?

  @Option(
    parsing: .unconditional, help: "Seed of everything that is drawn at random. (default: 0)",
    transform: readSeed)
  var seed: UInt64 = 0

  @OptionGroup var names: NameMapOptions
  @OptionGroup var unused: UnusedTokenOptions
  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions

  func validate() throws {
    guard level > 0, level < 0.4 else { throw ValidationError("--level must be within 0 and 0.4") }
    guard rows.map({ $0 > 0 }) ?? true else { throw ValidationError("--rows must be at least 1") }
  }

  func run() throws {
    let models = try ([a, b] + (base.map { [$0] } ?? [])).map { argument in
      try ParameterList(openCheckpoint(argument, resources.reading))
    }
    let lines = try MergeCheck(
      models[0], models[1], base: models.count > 2 ? models[2] : nil, origin: origin(models[0]),
      resources: resources.resources
    ).run()
    for model in models { try model.checkpoint.verifyUnchanged() }
    let table = table(lines)
    try printing.show(
      json: [jsonHeader("check")] + jsonLines(table, kind: "check"), csv: table,
      text: lines.map(text))
    if lines.contains(where: { $0.level == .failure }) { throw ExitCode(1) }
  }

  private func origin(_ model: ParameterList) throws -> OriginTest.Options {
    var options = OriginTest.Options()
    (options.level, options.seed, options.rows) = (level, seed, rows)
    (options.map, options.heads) = try (names.axisMap(), names.attentionHeads())
    options.unusedTokens = try unused.unusedTokenRanges(model)
    return options
  }

  private func text(_ line: CheckLine) -> String {
    func padded(_ text: String, _ width: Int) -> String {
      text + String(repeating: " ", count: max(width - text.count, 0))
    }
    return "\(padded(line.level.rawValue, 5)) \(padded(line.topic, 13)) \(line.text)"
      .escapedForTerminal
  }

  private func table(_ lines: [CheckLine]) -> ReportTable {
    ReportTable(
      rowCount: lines.count,
      columns: [
        .init("level", .text(lines.map(\.level.rawValue))),
        .init("topic", .text(lines.map(\.topic))),
        .init("text", .text(lines.map(\.text))),
      ])
  }
}
