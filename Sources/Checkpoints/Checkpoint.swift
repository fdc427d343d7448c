import Tensors

/// Named tensors on disk, in whatever files: a list of validated records.
public protocol Checkpoint: Sendable {
  /// The path by which it was opened.
  var path: String { get }
  /// The format's name, such as `safetensors`.
  var format: String { get }
  /// Every tensor, in the order of the file.
  var records: [TensorRecord] { get }
  /// Free text that the file carries beside its tensors, in the order of the file.
  var metadata: [(key: String, value: String)] { get }
  /// What a reader should know and no record tells, one sentence each.
  var notes: [String] { get }
  /// The files that hold the tensors, each once.
  var files: [InputFile] { get }
  /// A file in the model's folder, beside which its configuration lies.
  var modelPath: String { get }
}

extension Checkpoint {
  /// The files of the records, each once, in order of first use.
  public var files: [InputFile] { records.map(\.file).uniqued }

  /// The path by which it was opened.
  public var modelPath: String { path }

  /// The bytes that all tensors take, a byte shared by two counted twice.
  public var byteCount: Int {
    records.reduce(0) { $0 &+ $1.shape.byteCount(of: $1.dtype) }
  }

  /// Checks that no file changed since it was opened.
  ///
  /// - Throws: ``CheckpointError`` naming the first that did.
  public func verifyUnchanged() throws {
    for file in files { try file.verifyUnchanged() }
  }
}

extension [InputFile] {
  /// Each file once, in order of first use.
  var uniqued: [InputFile] {
    var seen = Set<ObjectIdentifier>()
    return filter { seen.insert(ObjectIdentifier($0)).inserted }
  }
}
