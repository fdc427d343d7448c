import ArgumentParser
import Checkpoints
import Geometry
import JSON
import Reports
import Tensors

/// `transect digest`: what checkpoints hold, as SHA-256.
struct Digest: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "SHA-256 of the content of checkpoints, whatever the file format.",
    discussion: """
      A model's digest covers the types, shapes and values of its parameters under canonical \
      names. \
      It does not depend on file format, shards, order, metadata or name prefixes; tied tensors \
      count once and buffers do not count. Prints the digest, two blanks and the checkpoint, as \
      sha256sum does; what cannot be read gets a line on standard error, and the exit code is 2.
      """)

  @Argument(help: "The checkpoints.")
  var checkpoints: [String]

  @Flag(help: "Print the digest of each parameter too, as CHECKPOINT: NAME.")
  var tensors = false

  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions

  func validate() throws {
    guard !checkpoints.isEmpty else { throw ValidationError("name at least one checkpoint") }
  }

  func run() throws {
    let found = checkpoints.map(digests)
    let lines = found.flatMap { $0 ?? [] }
    let table = ReportTable(
      rowCount: lines.count,
      columns: [
        .init("part", .text(lines.map(\.part))), .init("name", .text(lines.map(\.name))),
        .init("digest", .text(lines.map(\.digest))),
        .init("checkpoint", .text(lines.map(\.checkpoint))),
      ])
    try printing.show(
      json: [jsonHeader("digest")] + jsonLines(table, kind: "digest"), csv: table,
      text: lines.map(\.text))
    if found.contains(where: { $0 == nil }) { throw ExitCode(2) }
  }

  private struct Line {
    let part: String
    let name: String
    let digest: String
    let checkpoint: String

    var text: String {
      let place = part == "model" ? checkpoint : "\(checkpoint): \(name)"
      return "\(digest)  \(place.escapedForTerminal)"
    }
  }

  /// The lines of one checkpoint, that of the model first; `nil`, and a line on standard error, if
  /// it cannot be read.
  private func digests(_ argument: String) -> [Line]? {
    do {
      let model = try ParameterList(openCheckpoint(argument, resources.reading))
      let digests = try model.digests(threads: resources.threads)
      try model.checkpoint.verifyUnchanged()
      let parts = tensors ? zip(digests.names.map(\.text), digests.digests) : zip([], [])
      return [line("model", argument, digests.model, argument)]
        + parts.map { line("tensor", $0, $1, argument) }
    } catch {
      printError("transect: \("\(error)".escapedForTerminal)")
      return nil
    }
  }

  private func line(
    _ part: String, _ name: String, _ digest: ContentDigest, _ checkpoint: String
  ) -> Line {
    Line(part: part, name: name, digest: digest.description, checkpoint: checkpoint)
  }
}
