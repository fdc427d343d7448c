import Tensors

/// The initializers of an ONNX model: the tensors that its graph begins with.
///
/// Elements are read from `raw_data`, from packed `float_data` and `double_data`, and from files
/// beside the model that it names; nothing of the graph is looked at. Tensors whose numbers are
/// stored otherwise (integers of variable length, texts, four bits) are noted and left out.
///
/// Source: ONNX, `onnx/onnx.proto`, and "External Data".
public struct ONNXFile: Checkpoint {
  /// The path by which it was opened.
  public let path: String
  /// The format's name.
  public let format = "onnx"
  /// Every initializer that is read, in the order of the file.
  public let records: [TensorRecord]
  /// What made the file, and versions.
  public let metadata: [(key: String, value: String)]
  /// What was left out.
  public let notes: [String]

  /// Opens a file and checks its initializers against its size.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - mode: how its tensors will be read.
  /// - Throws: ``CheckpointError`` if it cannot be opened or breaks the format's rules.
  /// - Complexity: linear in the number of fields; independent of the tensors' size.
  public init(_ path: String, mode: InputMode = .mapped) throws {
    try self.init(InputFile(path, mode: mode), mode: mode)
  }

  init(_ file: InputFile, mode: InputMode) throws {
    var reader = ONNXReader(file, mode: mode)
    do {
      try reader.readModel()
    } catch let fault as ProtobufMessage.Fault {
      throw CheckpointError(.malformed, in: file.path, "byte \(fault.offset): \(fault.detail)")
    }
    (path, records, metadata, notes) = (file.path, reader.records, reader.metadata, reader.notes)
  }

  /// Whether a file may be one, which has no mark of its own: a version, then a field of a model.
  static func mayBegin(with head: [UInt8]) -> Bool {
    head.count > 2 && head[0] == 0x08 && (1..<0x20).contains(head[1])
      && [0x12, 0x1A, 0x22, 0x28, 0x32, 0x3A, 0x42, 0x72].contains(head[2])
  }
}

/// Reads the fields of a model.
private struct ONNXReader {
  let file: InputFile
  let mode: InputMode
  private(set) var records: [TensorRecord] = []
  private(set) var metadata: [(key: String, value: String)] = []
  private var seen = Set<TensorName>()
  private var leftOut = 0
  private var others: [String: InputFile] = [:]
  private var graphCount = 0

  private static let tensorLimit = 250_000
  private static let names = [2: "producer_name", 3: "producer_version", 4: "domain"]

  init(_ file: InputFile, mode: InputMode) { (self.file, self.mode) = (file, mode) }

  var notes: [String] {
    (leftOut > 0
      ? ["initializers that are not stored as plain numbers are left out: \(leftOut)"] : [])
      + (records.contains { $0.name.text.hasPrefix("onnx::") }
        ? ["names that begin with onnx:: are the exporter's; it stores matrices transposed there"]
        : [])
  }

  mutating func readModel() throws {
    var message = ProtobufMessage(file, 0..<file.byteCount)
    while let field = try message.next() {
      switch (field.number, field.value) {
      case (1, .number(let version)): metadata.append(("ir_version", "\(version)"))
      case (let number, .bytes(let range)) where ONNXReader.names[number] != nil:
        let text = try file.copy(range.prefix(256))
        metadata.append(
          (ONNXReader.names[number] ?? "", String(decoding: text, as: UTF8.self).shortened))
      case (7, .bytes(let range)):
        graphCount += 1
        try readGraph(range)
      default: break
      }
    }
    guard graphCount == 1 else {
      throw CheckpointError(
        .malformed, in: file.path, "is of no format known here, or an ONNX model without its graph")
    }
  }

  private mutating func readGraph(_ range: Range<Int>) throws {
    var message = ProtobufMessage(file, range)
    while let field = try message.next() {
      guard case (5, .bytes(let range)) = field else { continue }
      let tensor = try ONNXTensor(file, range)
      guard records.count < ONNXReader.tensorLimit else {
        throw malformed("more than \(ONNXReader.tensorLimit) tensors", tensor)
      }
      guard seen.insert(tensor.name).inserted else { throw malformed("appears twice", tensor) }
      if let record = try record(of: tensor) { records.append(record) } else { leftOut += 1 }
    }
  }

  private mutating func record(of tensor: ONNXTensor) throws -> TensorRecord? {
    guard let shape = Shape(tensor.dimensions) else {
      throw malformed(
        "shape \(Shape.list(tensor.dimensions)) has more elements than can be addressed", tensor)
    }
    guard let dtype = tensor.dtype else { return nil }
    switch tensor.content {
    case .within(let range):
      return try TensorRecord(
        name: tensor.name, dtype: dtype, shape: shape, bytes: range, file: file)
    case .external(let entries):
      let (other, range) = try place(of: entries, byteCount: shape.byteCount(of: dtype), tensor)
      return try TensorRecord(
        name: tensor.name, dtype: dtype, shape: shape, bytes: range, file: other)
    case .other:
      guard shape.elementCount == 0 else { return nil }
      return try TensorRecord(
        name: tensor.name, dtype: dtype, shape: shape, bytes: 0..<0, file: file)
    }
  }

  /// The file beside the model, and the bytes in it, that external data are in.
  private mutating func place(
    of entries: [(key: String, value: String)], byteCount: Int, _ tensor: ONNXTensor
  ) throws -> (InputFile, Range<Int>) {
    let values = Dictionary(entries.map { ($0.key, $0.value) }) { _, last in last }
    guard let name = values["location"], !name.isEmpty, ![".", ".."].contains(name),
      !name.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
    else {
      throw malformed("its data are not in a file beside the model", tensor)
    }
    let other = try others[name] ?? InputFile(sibling(name, of: file.path), mode: mode)
    others[name] = other
    let offset = Int(values["offset"] ?? "0") ?? -1
    let length = values["length"].map { Int($0) ?? -1 } ?? byteCount
    guard offset >= 0, length == byteCount, byteCount <= other.byteCount,
      offset <= other.byteCount - byteCount
    else {
      throw malformed(
        "its \(byteCount) bytes are not in '\(name)' of \(other.byteCount) bytes from byte "
          + "\(offset) on", tensor)
    }
    return (other, offset..<offset + byteCount)
  }

  private func malformed(_ detail: String, _ tensor: ONNXTensor) -> CheckpointError {
    CheckpointError(.malformed, in: file.path, tensor: tensor.name, detail)
  }
}
