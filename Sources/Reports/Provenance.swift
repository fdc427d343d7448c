import Checkpoints
import Geometry
import HDF5
import Tensors

/// What a result was made from and by which command, so that it can be made again.
///
/// Nothing that changes between equal runs is recorded: no clock (unless `SOURCE_DATE_EPOCH`
/// gives one), no thread count, no user or host, and of paths only the last component unless
/// asked for.
public struct Provenance: Codable, Sendable {
  /// One input: a checkpoint, or another file.
  public struct Input: Codable, Sendable {
    let label: String
    /// What it was used as: of checkpoints the place in the command, such as `base` or `a`; of
    /// other files `data`.
    public let role: String
    let path: String
    /// The folder it was found in, for what lies beside a checkpoint.
    let folder: String?
    let format: String
    let byteCount: Int
    let tensorCount: Int
    let elementCount: Int
    /// Of its content.
    public let digest: ContentDigest
    /// Those of a checkpoint's parameters by canonical name; `nil` of other files.
    let parameterDigests: ModelDigests?

    /// Describes a checkpoint.
    ///
    /// - Parameters:
    ///   - label: its name in the report.
    ///   - role: what it was used as, such as `base`, `other`, `checkpoint` or `merged`.
    ///   - path: as the user named it: a file, a folder or a model id.
    ///   - parameters: the checkpoint.
    ///   - digests: those of its content.
    public init(
      label: String, role: String, path: String, parameters: ParameterList, digests: ModelDigests
    ) {
      let checkpoint = parameters.checkpoint
      folder = nil
      (self.label, self.role, self.path) = (label, role, path)
      (digest, parameterDigests) = (digests.model, digests)
      format = checkpoint.format
      (byteCount, tensorCount) = (checkpoint.byteCount, checkpoint.records.count)
      elementCount = parameters.elementCount
    }

    /// Describes a file that is no checkpoint, such as a text.
    ///
    /// - Parameters:
    ///   - label: its name in the report.
    ///   - role: what it was used as: `data` for texts, ``companionRoles`` for what lies beside a
    ///     checkpoint.
    ///   - path: where it is.
    ///   - folder: the folder that was named, if the file was not; recorded with the file's name.
    ///   - bytes: all of it.
    public init(
      label: String, role: String, path: String, folder: String? = nil, bytes: [UInt8]
    ) {
      (self.label, self.role, self.path, self.folder) = (label, role, path, folder)
      (format, byteCount, tensorCount, elementCount) = ("file", bytes.count, 0, 0)
      (digest, parameterDigests) = (ContentDigest(ofBytes: bytes), nil)
    }

    /// Roles of files that lie beside a checkpoint and were not named themselves.
    public static let companionRoles: Set<String> = ["configuration", "tokenizer"]

    func recordedPath(whole isWhole: Bool) -> String {
      let name = Checkpoints.recordedPath(path, whole: isWhole && folder == nil)
      guard let folder, folder != "./" else { return name }
      return Checkpoints.recordedPath(folder, whole: isWhole) + "/" + name
    }
  }

  /// The program's name and version.
  public static let source = "transect 0.1.0"

  /// What shaped the result, in a fixed order.
  public let command: String
  private let inputs: [Input]
  private let recordsPaths: Bool

  /// Creates a record.
  ///
  /// - Parameters:
  ///   - command: the verb and the options that shape the result, in a fixed order.
  ///   - inputs: the checkpoints in the order of the command, then other files.
  ///   - recordsPaths: whether whole paths may be recorded.
  public init(command: String, inputs: [Input], recordsPaths: Bool) {
    (self.command, self.inputs, self.recordsPaths) = (command, inputs, recordsPaths)
  }

  /// The attributes of the whole file.
  ///
  /// - Parameters:
  ///   - title: what the file holds.
  ///   - date: seconds since 1970 as `SOURCE_DATE_EPOCH` gives them, or `nil`.
  ///   - isComplete: whether no row is pending.
  /// - Returns: the attributes in their order.
  public func rootAttributes(
    title: String, date: String?, isComplete: Bool = true
  ) -> [ResultAttribute] {
    let created = date.map { [ResultAttribute("date_created_epoch", .text($0))] } ?? []
    return [
      ResultAttribute("Conventions", .text("CF-1.11 ACDD-1.3")),
      ResultAttribute("title", .text(title)),
      ResultAttribute("history", .text("\(Provenance.source): \(command)")),
      ResultAttribute("source", .text(Provenance.source)),
      ResultAttribute("transect_schema", .text("docs/HDF5-SCHEMA.md")),
      ResultAttribute("schema_version", .int32(1)),
      ResultAttribute("complete", .int32(isComplete ? 1 : 0)),
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
        text(
          "path", "file, folder or model id, as named",
          inputs.map { $0.recordedPath(whole: recordsPaths) }),
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
      ] + parameterDigests())
  }

  /// A digest for each parameter, by canonical name, and each input; "" where an input has none.
  private func parameterDigests() throws -> [ResultVariable] {
    var seen: Set<TensorName> = []
    let names = inputs.flatMap { $0.parameterDigests?.names ?? [] }
      .filter { seen.insert($0).inserted }
    let digests = inputs.map { input in
      input.parameterDigests.map {
        Dictionary(zip($0.names, $0.digests), uniquingKeysWith: { first, _ in first })
      } ?? [:]
    }
    return try [
      ResultVariable(
        "parameter", dimensions: ["parameter"], .text(names.map(\.text)),
        longName: "canonical name of a parameter",
        attributes: [ResultAttribute("content", .text("language"))]),
      ResultVariable(
        "parameter_digest", dimensions: ["parameter", "input"],
        .text(names.flatMap { name in digests.map { $0[name]?.description ?? "" } }),
        longName: "SHA-256 of the parameter's type, shape and elements, empty where there is none"),
    ]
  }
}

extension ParameterList {
  /// Elements of all parameters, tied ones once.
  public var elementCount: Int { parameters.reduce(0) { $0 + $1.record.shape.elementCount } }
}
