import Checkpoints
import Geometry
import HDF5
import Tensors

/// What a result was made from and by which command, so that it can be made again.
///
/// Nothing that changes between equal runs is recorded: no clock (unless `SOURCE_DATE_EPOCH`
/// gives one), no thread count, no user or host, and of paths only the last component unless
/// asked for.
public struct Provenance: Sendable {
  /// One input: a checkpoint, or another file.
  public struct Input: Sendable {
    let label: String
    /// What it was used as.
    public let role: String
    let path: String
    let format: String
    let byteCount: Int
    let tensorCount: Int
    let elementCount: Int
    /// Of its content.
    public let digest: ContentDigest

    /// Describes a checkpoint.
    ///
    /// - Parameters:
    ///   - label: its name in the report.
    ///   - role: `base` or `other`.
    ///   - parameters: the checkpoint.
    ///   - digest: the digest of its content.
    public init(label: String, role: String, parameters: ParameterList, digest: ContentDigest) {
      let checkpoint = parameters.checkpoint
      (self.label, self.role, self.digest) = (label, role, digest)
      (path, format) = (checkpoint.path, checkpoint.format)
      (byteCount, tensorCount) = (checkpoint.byteCount, checkpoint.records.count)
      elementCount = parameters.elementCount
    }

    /// Describes a file that is no checkpoint, such as a text.
    ///
    /// - Parameters:
    ///   - label: its name in the report.
    ///   - role: what it was used as, such as `data`.
    ///   - path: where it is.
    ///   - bytes: all of it.
    public init(label: String, role: String, path: String, bytes: [UInt8]) {
      (self.label, self.role, self.path) = (label, role, path)
      (format, byteCount, tensorCount, elementCount) = ("file", bytes.count, 0, 0)
      digest = ContentDigest(ofBytes: bytes)
    }
  }

  /// The program's name and version.
  public static let source = "transect 0.1.0"

  private let command: String
  private let inputs: [Input]
  private let recordsPaths: Bool

  /// Creates a record.
  ///
  /// - Parameters:
  ///   - command: the verb and the options that shape the result, in a fixed order.
  ///   - inputs: the checkpoints, the base first.
  ///   - recordsPaths: whether whole paths may be recorded.
  public init(command: String, inputs: [Input], recordsPaths: Bool) {
    (self.command, self.inputs, self.recordsPaths) = (command, inputs, recordsPaths)
  }

  /// The attributes of the whole file.
  ///
  /// - Parameters:
  ///   - title: what the file holds.
  ///   - date: seconds since 1970 as `SOURCE_DATE_EPOCH` gives them, or `nil`.
  /// - Returns: the attributes in their order.
  public func rootAttributes(title: String, date: String?) -> [ResultAttribute] {
    let created = date.map { [ResultAttribute("date_created_epoch", .text($0))] } ?? []
    return [
      ResultAttribute("Conventions", .text("CF-1.11 ACDD-1.3")),
      ResultAttribute("title", .text(title)),
      ResultAttribute("history", .text("\(Provenance.source): \(command)")),
      ResultAttribute("source", .text(Provenance.source)),
      ResultAttribute("transect_schema", .text("docs/HDF5-SCHEMA.md")),
      ResultAttribute("schema_version", .int32(1)),
      ResultAttribute("complete", .int32(1)),
    ] + created
  }

  /// The group `/provenance`.
  ///
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func group() throws -> ResultGroup {
    let dimensions = ["input"]
    func text(
      _ name: String, _ longName: String, _ values: [String]
    ) throws -> ResultVariable {
      try ResultVariable(name, dimensions: dimensions, .text(values), longName: longName)
    }
    func integer(
      _ name: String, _ longName: String, _ values: [Int], units: String = "1"
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: dimensions, .int64(values.map { Int64($0) }), longName: longName,
        units: units)
    }
    return try ResultGroup(
      "provenance",
      attributes: [
        ResultAttribute("command", .text(command)),
        ResultAttribute("deterministic", .int32(1)),
        ResultAttribute("paths_recorded", .int32(recordsPaths ? 1 : 0)),
      ],
      variables: [
        text("input", "label of the input", inputs.map(\.label)),
        text("role", "what the input was used as", inputs.map(\.role)),
        text("path", "file or folder", inputs.map { recordedPath($0.path) }),
        text("format", "file format", inputs.map(\.format)),
        text(
          "content_digest", "SHA-256 of a checkpoint's canonical content, or of a file",
          inputs.map(\.digest.description)),
        integer(
          "bytes", "size of all tensors, or of the file", inputs.map(\.byteCount), units: "byte"),
        integer("n_tensors", "tensors in the input", inputs.map(\.tensorCount)),
        integer(
          "n_params", "elements of parameters, tied ones once, buffers left out",
          inputs.map(\.elementCount)),
      ])
  }

  private func recordedPath(_ path: String) -> String { recordsPaths ? path : baseName(path) }
}

extension ParameterList {
  /// Elements of all parameters, tied ones once.
  public var elementCount: Int { parameters.reduce(0) { $0 + $1.record.shape.elementCount } }
}
