import Tensors

/// What a GGUF file says about its tensors, and the metadata before that.
///
/// | part | content |
/// |---|---|
/// | 4 bytes | `GGUF` |
/// | version | 2 or 3, in 4 bytes |
/// | counts | of tensors and of metadata entries, in 8 bytes each |
/// | entries | key, type and value |
/// | tensors | name, extents with the innermost first, type, and offset within the data |
///
/// The data begins at the next multiple of `general.alignment`, which is 32 if absent.
///
/// Source: ggml, `docs/gguf.md`.
struct GGUFHeader {
  /// One tensor as the header describes it.
  struct Tensor {
    let name: TensorName
    /// Outermost first.
    let shape: Shape
    /// ggml's number for the element type.
    let type: UInt32
    /// Of the first byte, from the start of the data.
    let offset: Int
  }

  /// The metadata as text, arrays by their length only.
  private(set) var metadata: [(key: String, value: String)] = []
  /// The metadata that are integers.
  private(set) var integers: [String: Int] = [:]
  /// What kind of model it is, such as `llama`.
  private(set) var architecture = ""
  private(set) var tensors: [Tensor] = []
  /// Where the data begins.
  private(set) var dataStart = 0

  static let magic = Array("GGUF".utf8)
  static let byteLimit = 100_000_000
  static let entryLimit = 65_536
  static let tensorLimit = 250_000
  static let nameLimit = 65_535
  private static let rankLimit = 4
  private static let nestingLimit = 8

  private let path: String
  private var keys = Set<TensorName>()
  private var cursor: FileCursor

  /// Reads the header of a file.
  ///
  /// - Throws: ``CheckpointError`` if it breaks the rules of the format.
  init(_ file: InputFile) throws {
    path = file.path
    cursor = FileCursor(file, at: GGUFHeader.magic.count, limit: GGUFHeader.byteLimit)
    do {
      try read()
    } catch let ended as FileCursor.Ended {
      throw malformed(
        "byte \(ended.offset): a length or a count beyond the end of the file, or of the "
          + "\(GGUFHeader.byteLimit) bytes that a header may have")
    }
  }

  private mutating func read() throws {
    try requireVersion()
    // A tensor takes a name's length, a number of extents, a type and an offset; an entry a key's
    // length, a type and a value.
    let tensorCount = try cursor.count(ofBytes: 24)
    let entryCount = try cursor.count(ofBytes: 13)
    guard tensorCount <= GGUFHeader.tensorLimit, entryCount <= GGUFHeader.entryLimit else {
      throw malformed("\(tensorCount) tensors and \(entryCount) metadata entries are too many")
    }
    for _ in 0..<entryCount { try readEntry() }
    for _ in 0..<tensorCount { tensors.append(try tensor()) }
    let alignment = integers["general.alignment"] ?? 32
    guard alignment > 0, alignment & (alignment - 1) == 0, alignment <= 1 << 30 else {
      throw malformed("general.alignment is \(alignment), not a power of two")
    }
    dataStart = (cursor.offset + alignment - 1) / alignment * alignment
    for tensor in tensors where tensor.offset % alignment != 0 {
      throw malformed("begins at byte \(tensor.offset), no multiple of \(alignment)", tensor.name)
    }
  }

  private mutating func requireVersion() throws {
    let version = UInt32(truncatingIfNeeded: try cursor.unsigned(4))
    guard version == 2 || version == 3 else {
      let isBigEndian = version & 0xFFFF == 0 && version != 0
      throw CheckpointError(
        .unsupported, in: path,
        isBigEndian
          ? "is a big-endian GGUF file, which is not supported"
          : "is of version \(version) of GGUF; 2 and 3 are supported")
    }
  }

  private mutating func text() throws -> String {
    let count = try cursor.count(ofBytes: 1)
    guard count <= GGUFHeader.nameLimit else {
      throw malformed("a name of \(count) bytes is too long")
    }
    guard let text = String(validating: try cursor.bytes(count), as: UTF8.self) else {
      throw malformed("a name that is not valid UTF-8")
    }
    return text
  }

  private mutating func tensor() throws -> Tensor {
    let name = TensorName(try text())
    let rank = Int(try cursor.unsigned(4))
    guard rank <= GGUFHeader.rankLimit else { throw malformed("has \(rank) extents", name) }
    let extents = try (0..<rank).map { _ in try cursor.unsigned(8) }
    guard let shape = Shape(extents.reversed().map { Int(clamping: $0) }) else {
      throw malformed("its extents \(extents) have more elements than can be addressed", name)
    }
    let type = UInt32(truncatingIfNeeded: try cursor.unsigned(4))
    let offset = try cursor.unsigned(8)
    guard let offset = Int(exactly: offset) else {
      throw malformed("begins at byte \(offset), beyond any file", name)
    }
    return Tensor(name: name, shape: shape, type: type, offset: offset)
  }

  private func malformed(_ detail: String, _ name: TensorName? = nil) -> CheckpointError {
    CheckpointError(.malformed, in: path, tensor: name, detail)
  }
}

// MARK: Metadata

extension GGUFHeader {
  private enum ValueType: UInt32 {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64
    case float64

    /// Bytes of a value, or `nil` if that depends on it.
    var byteCount: Int? {
      switch self {
      case .uint8, .int8, .bool: 1
      case .uint16, .int16: 2
      case .uint32, .int32, .float32: 4
      case .uint64, .int64, .float64: 8
      case .string, .array: nil
      }
    }
  }

  private mutating func readEntry() throws {
    let key = try text()
    let type = try valueType()
    let value: String
    switch type {
    case .string:
      value = try shortText()
      if key == "general.architecture" { architecture = value }
    case .array: value = try skipArray(depth: 0)
    default: value = try scalar(type, key: key)
    }
    guard keys.insert(TensorName(key)).inserted else {
      throw malformed("metadata entry '\(key.shortened)' appears twice")
    }
    metadata.append((key.shortened, value))
  }

  private mutating func valueType() throws -> ValueType {
    let number = UInt32(truncatingIfNeeded: try cursor.unsigned(4))
    guard let type = ValueType(rawValue: number) else {
      throw malformed("byte \(cursor.offset - 4): metadata type \(number) is not known")
    }
    return type
  }

  private mutating func scalar(_ type: ValueType, key: String) throws -> String {
    let bits = try cursor.unsigned(type.byteCount ?? 8)
    let integer: Int?
    switch type {
    case .float32: return "\(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))"
    case .float64: return "\(Double(bitPattern: bits))"
    case .bool: return bits == 0 ? "false" : "true"
    case .int8: integer = Int(Int8(truncatingIfNeeded: bits))
    case .int16: integer = Int(Int16(truncatingIfNeeded: bits))
    case .int32: integer = Int(Int32(truncatingIfNeeded: bits))
    case .int64: integer = Int(Int64(bitPattern: bits))
    default: integer = Int(exactly: bits)
    }
    integers[key] = integer
    return integer.map(String.init) ?? String(bits)
  }

  /// A text of any length, of which the beginning is kept.
  private mutating func shortText() throws -> String {
    let count = try cursor.count(ofBytes: 1)
    let kept = try cursor.bytes(min(count, 1024))
    try cursor.skip(count - kept.count)
    return String(decoding: kept, as: UTF8.self).shortened
  }

  /// Steps over an array and says what it holds.
  private mutating func skipArray(depth: Int) throws -> String {
    guard depth < GGUFHeader.nestingLimit else {
      throw malformed("metadata arrays are nested deeper than \(GGUFHeader.nestingLimit)")
    }
    let type = try valueType()
    let count = try cursor.count(ofBytes: type.byteCount ?? 8)
    if let size = type.byteCount {
      try cursor.skip(count * size)
    } else {
      for _ in 0..<count {
        if type == .string {
          try cursor.skip(cursor.count(ofBytes: 1))
        } else {
          _ = try skipArray(depth: depth + 1)
        }
      }
    }
    return "array of \(count) \(type)"
  }
}
