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
      A model's digest covers the types, shapes and values of its parameters under canonical names. \
      It does not depend on file format, shards, order, metadata or name prefixes; tied tensors count \
      once and buffers do not count. Prints the digest, two blanks and the checkpoint, as sha256sum does.
      """)

  @Argument(help: "The checkpoints.")
  var checkpoints: [String]

  @Flag(help: "Print the digest of each parameter too, under its canonical name.")
  var tensors = false

  @OptionGroup var resources: ResourceOptions
  @OptionGroup var printing: PrintOptions

  func validate() throws {
    guard !checkpoints.isEmpty else { throw ValidationError("name at least one checkpoint") }
  }

  func run() throws {
    let lines = try checkpoints.flatMap(digests)
    let table = ReportTable(
      rowCount: lines.count,
      columns: [
        .init("part", .text(lines.map(\.part))), .init("name", .text(lines.map(\.name))),
        .init("digest", .text(lines.map(\.digest))),
      ])
    try printing.show(
      json: [jsonHeader("digest")] + jsonLines(table, kind: "digest"), csv: table,
      text: lines.map { "\($0.digest)  \($0.name.escapedForTerminal)" })
  }

  private typealias Line = (part: String, name: String, digest: String)

  /// The lines of one checkpoint, that of the model last.
  private func digests(_ argument: String) throws -> [Line] {
    let model = try ParameterList(openCheckpoint(argument, mode: resources.io))
    let digests = try contentDigests(of: model.parameters.map(\.record), threads: resources.threads)
    try model.checkpoint.verifyUnchanged()
    let names = model.parameters.map(\.name.canonical)
    let root = ContentDigest(ofModel: zip(names, digests).map { (name: $0, digest: $1) })
    let parts = tensors ? zip(names, digests).map { ("tensor", $0.text, $1.description) } : []
    return parts + [("model", argument, root.description)]
  }
}
