import Tensors

/// A checkpoint in one GGUF file, as llama.cpp uses them.
///
/// Plain elements (F64, F32, F16, BF16 and signed integers) are read as they are, quantized ones
/// (``BlockFormat``) as the binary32 numbers they stand for. Extents are reversed, since ggml has
/// the innermost first. For the architectures of ``GGUFNames`` tensors bear the names and the
/// layout that transformers gives them.
///
/// Source: ggml, `docs/gguf.md`.
public struct GGUFFile: Checkpoint {
  /// The path by which it was opened.
  public let path: String
  /// The format's name.
  public let format = "gguf"
  /// Every tensor, in the order of the header.
  public let records: [TensorRecord]
  /// The file's metadata; of arrays, only type and length.
  public let metadata: [(key: String, value: String)]
  /// Which tensors are quantized, and which names are llama.cpp's.
  public let notes: [String]

  /// Opens a file and checks its header against its size.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - mode: how its tensors will be read.
  /// - Throws: ``CheckpointError`` if it cannot be opened, breaks the format's rules, or holds
  ///   tensors of a type that is not read.
  /// - Complexity: linear in the header; independent of the tensors' size.
  public init(_ path: String, mode: InputMode = .mapped) throws {
    try self.init(InputFile(path, mode: mode))
  }

  init(_ file: InputFile) throws {
    let header = try GGUFHeader(file)
    let tensors = GGUFTensors(file: file, header: header)
    records = try tensors.records()
    (path, metadata, notes) = (file.path, header.metadata, tensors.notes)
  }
}

/// Makes the records of the tensors of one file.
private struct GGUFTensors {
  let file: InputFile
  let header: GGUFHeader
  private let names: GGUFNames?
  private let pieces = DecodedPieces()

  private static let plainTypes: [UInt32: DType] = [
    0: .float32, 1: .float16, 24: .int8, 25: .int16, 26: .int32, 27: .int64, 28: .float64,
    30: .bfloat16,
  ]

  private static let otherTypes: [UInt32: String] = [
    4: "Q4_2", 5: "Q4_3", 9: "Q8_1", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS",
    19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 29: "IQ1_M",
    34: "TQ1_0", 35: "TQ2_0", 39: "MXFP4",
  ]

  init(file: InputFile, header: GGUFHeader) {
    (self.file, self.header) = (file, header)
    names = GGUFNames(architecture: header.architecture)
  }

  func records() throws -> [TensorRecord] {
    var (records, extents) = ([TensorRecord](), [Range<Int>]())
    var seen = Set<TensorName>()
    for tensor in header.tensors {
      let (record, bytes) = try stored(tensor)
      let named = try translated(record)
      guard seen.insert(named.name).inserted else {
        throw malformed("appears twice", named.name)
      }
      records.append(named)
      extents.append(bytes)
    }
    try requireSeparate(extents)
    return records
  }

  /// The tensor as it lies in the file, and the bytes it takes.
  private func stored(_ tensor: GGUFHeader.Tensor) throws -> (TensorRecord, Range<Int>) {
    if let dtype = GGUFTensors.plainTypes[tensor.type] {
      let bytes = try range(of: tensor, byteCount: tensor.shape.byteCount(of: dtype))
      let record = try TensorRecord(
        name: tensor.name, dtype: dtype, shape: tensor.shape, bytes: bytes, file: file)
      return (record, bytes)
    }
    guard let format = BlockFormat(rawValue: tensor.type) else {
      let name = GGUFTensors.otherTypes[tensor.type] ?? "number \(tensor.type)"
      throw CheckpointError(
        .unsupported, in: file.path, tensor: tensor.name, "element type \(name) is not supported")
    }
    guard let row = tensor.shape.dimensions.last, row.isMultiple(of: format.elementCount) else {
      throw malformed(
        "rows of shape \(tensor.shape) are not whole blocks of \(format.elementCount)", tensor.name)
    }
    let bytes = try range(
      of: tensor, byteCount: tensor.shape.elementCount / format.elementCount * format.byteCount)
    let elements = BlockElements(
      name: tensor.name, format: format, file: file, stored: bytes, pieces: pieces)
    let record = try TensorRecord(
      name: tensor.name, dtype: .float32, shape: tensor.shape, strides: nil, encoded: elements,
      bytes: bytes, byteOrder: .little, file: file)
    return (record, bytes)
  }

  private func range(of tensor: GGUFHeader.Tensor, byteCount: Int) throws -> Range<Int> {
    let available = file.byteCount - header.dataStart
    guard tensor.offset <= available, byteCount <= available - tensor.offset else {
      throw malformed(
        "\(byteCount) bytes from byte \(tensor.offset) of the data on reach outside its "
          + "\(max(available, 0))", tensor.name)
    }
    let first = header.dataStart + tensor.offset
    return first..<first + byteCount
  }

  private func requireSeparate(_ extents: [Range<Int>]) throws {
    let order = extents.indices.filter { !extents[$0].isEmpty }
      .sorted { extents[$0].lowerBound < extents[$1].lowerBound }
    for (left, right) in zip(order, order.dropFirst())
    where extents[left].upperBound > extents[right].lowerBound {
      throw malformed(
        "shares bytes with '\(header.tensors[left].name)'", header.tensors[right].name)
    }
  }

  private func malformed(_ detail: String, _ name: TensorName) -> CheckpointError {
    CheckpointError(.malformed, in: file.path, tensor: name, detail)
  }
}

// MARK: Names and layouts

extension GGUFTensors {
  /// The tensor under the name, and in the layout, that transformers has for it.
  private func translated(_ record: TensorRecord) throws -> TensorRecord {
    guard let (name, layout) = names?.translated(record.name.text) else { return record }
    let renamed = record.renamed(TensorName(name))
    switch layout {
    case .asStored: return renamed
    case .transposed: return renamed.transposed
    case .heads(let key): return try withHeads(renamed, counted: key)
    }
  }

  /// Queries or keys with the rows of each head in transformers' order.
  private func withHeads(_ record: TensorRecord, counted key: String) throws -> TensorRecord {
    let heads = header.integers[key] ?? header.integers["llama.attention.head_count"] ?? 0
    guard heads > 0, let rows = record.shape.dimensions.first, rows.isMultiple(of: 2 * heads) else {
      throw malformed(
        "shape \(record.shape) does not divide into two halves of \(heads) heads, the number that "
          + "\(key) gives", record.name)
    }
    guard rows > 0 else { return record }
    return record.reorderingRows(RowOrder(groupLength: rows / heads))
  }

  /// What no record tells.
  var notes: [String] {
    var counts: [UInt32: Int] = [:]
    for tensor in header.tensors { counts[tensor.type, default: 0] += 1 }
    let quantized = counts.keys.sorted().compactMap { type in
      BlockFormat(rawValue: type).map { "\(counts[type] ?? 0) as \($0.name)" }
    }
    var notes: [String] = []
    if !quantized.isEmpty {
      notes.append(
        "tensors are quantized, \(quantized.joined(separator: ", ")); they are read as the F32 "
          + "numbers they stand for")
    }
    if names == nil {
      notes.append(
        "names are llama.cpp's: none are known for architecture "
          + "'\(header.architecture.shortened)'")
    }
    return notes
  }
}
