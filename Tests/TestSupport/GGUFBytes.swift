/// GGUF files, byte by byte, with the faults that tests ask for.
public struct GGUFBytes {
  /// One tensor.
  public struct Tensor: Sendable {
    /// Its name in the file.
    public var name: String
    /// The extents, innermost first, as the format has them.
    public var extents: [UInt64]
    /// ggml's number for the element type.
    public var type: UInt32
    /// The bytes of its elements.
    public var data: [UInt8]
    /// The offset in the header, if another than where the data are.
    public var offset: UInt64?

    /// Creates a tensor.
    ///
    /// - Parameters:
    ///   - name: its name in the file.
    ///   - extents: innermost first.
    ///   - type: ggml's number for the element type.
    ///   - data: the bytes of its elements.
    public init(_ name: String, _ extents: [UInt64], type: UInt32, _ data: [UInt8]) {
      (self.name, self.extents, self.type, self.data) = (name, extents, type, data)
    }
  }

  /// In the order of the header.
  public var tensors: [Tensor]
  /// Keys with the bytes of a type and a value.
  public var entries: [(key: String, value: [UInt8])]
  /// The version of the format.
  public var version: UInt32 = 3
  /// The number of tensors that is announced, if another.
  public var tensorCount: UInt64?
  /// What the data are aligned to.
  public var alignment = 32

  /// Creates a file's parts.
  ///
  /// - Parameters:
  ///   - tensors: in the order of the header.
  ///   - entries: metadata, each with the bytes of a type and a value.
  public init(_ tensors: [Tensor], entries: [(key: String, value: [UInt8])] = []) {
    (self.tensors, self.entries) = (tensors, entries)
  }

  /// A text with its length.
  ///
  /// - Parameter text: any.
  /// - Returns: the bytes.
  public static func text(_ text: String) -> [UInt8] {
    littleEndian(UInt64(text.utf8.count)) + text.utf8
  }

  /// The type and value of a metadata entry that is text.
  ///
  /// - Parameter value: any text.
  /// - Returns: the bytes.
  public static func string(_ value: String) -> [UInt8] {
    littleEndian(UInt32(8)) + text(value)
  }

  /// The type and value of a metadata entry that is a number of 32 bits.
  ///
  /// - Parameter value: the number.
  /// - Returns: the bytes.
  public static func number(_ value: UInt32) -> [UInt8] {
    littleEndian(UInt32(4)) + littleEndian(value)
  }

  /// The file's content.
  public var bytes: [UInt8] {
    var header: [UInt8] = Array("GGUF".utf8) + littleEndian(version)
    header += littleEndian(tensorCount ?? UInt64(tensors.count))
    header += littleEndian(UInt64(entries.count))
    for entry in entries { header += GGUFBytes.text(entry.key) + entry.value }
    var data: [UInt8] = []
    for tensor in tensors {
      header += GGUFBytes.text(tensor.name) + littleEndian(UInt32(tensor.extents.count))
      for extent in tensor.extents { header += littleEndian(extent) }
      header += littleEndian(tensor.type) + littleEndian(tensor.offset ?? UInt64(data.count))
      data += tensor.data + padding(after: data.count + tensor.data.count)
    }
    return header + padding(after: header.count) + data
  }

  private func padding(after count: Int) -> [UInt8] {
    Array(repeating: 0, count: (alignment - count % alignment) % alignment)
  }
}
