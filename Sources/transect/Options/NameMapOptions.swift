import ArgumentParser
import Checkpoints
import Geometry

/// What the parameters of a model are, where their names do not tell.
struct NameMapOptions: ParsableArguments {
  @Option(help: "File that says what the axes of parameters stand for; see docs/ORIGIN.md.")
  var map: String?

  @Option(help: "Heads of attention, where config.json does not tell.")
  var heads: Int?

  @Option(help: "Heads of keys and values, if fewer than of queries.")
  var keyValueHeads: Int?

  func validate() throws {
    guard heads != nil || keyValueHeads == nil else {
      throw ValidationError("--key-value-heads needs --heads")
    }
    guard heads == nil || attentionHeads() != nil else {
      throw ValidationError("--heads must be positive, and a multiple of --key-value-heads")
    }
  }

  /// The heads given, if any.
  func attentionHeads() -> AttentionHeads? {
    heads.flatMap { AttentionHeads(query: $0, keyValue: keyValueHeads) }
  }

  /// The map given, if any.
  ///
  /// - Throws: `CheckpointError` if the file cannot be read, or is no map.
  func axisMap() throws -> AxisMap? {
    guard let map else { return nil }
    let file = try InputFile(map, mode: .pread)
    guard file.byteCount <= 1 << 20 else {
      throw CheckpointError(.malformed, in: map, "\(file.byteCount) bytes are too many for a map")
    }
    let text = String(decoding: try file.copy(0..<file.byteCount), as: UTF8.self)
    return try AxisMap(parsing: text, family: map)
  }

  /// The options that shape a result, in a fixed order.
  var recorded: [String] {
    (map.map { ["--map", baseName($0)] } ?? []) + (heads.map { ["--heads", "\($0)"] } ?? [])
      + (keyValueHeads.map { ["--key-value-heads", "\($0)"] } ?? [])
  }
}
