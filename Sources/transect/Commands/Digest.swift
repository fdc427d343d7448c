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

  @Flag(help: "Print JSON lines.")
  var json = false

  @OptionGroup var resources: ResourceOptions

  func validate() throws {
    guard !checkpoints.isEmpty else { throw ValidationError("name at least one checkpoint") }
  }

  func run() throws {
    for argument in checkpoints {
      let model = try ParameterList(openCheckpoint(argument, mode: resources.io))
      let digests = try contentDigests(
        of: model.parameters.map(\.record), threads: resources.threads)
      try model.checkpoint.verifyUnchanged()
      let names = model.parameters.map(\.name.canonical)
      let root = ContentDigest(ofModel: zip(names, digests).map { (name: $0, digest: $1) })
      let parts = tensors ? zip(names, digests).map { line($1, $0.text, kind: "tensor") } : []
      try printLines(parts + [line(root, argument, kind: "model")])
    }
  }

  private func line(_ digest: ContentDigest, _ name: String, kind: String) -> String {
    guard json else { return "\(digest)  \(name.escapedForTerminal)" }
    return jsonObject([
      ("kind", jsonString(kind)), ("name", jsonString(name)),
      ("digest", jsonString(digest.description)),
    ])
  }
}
