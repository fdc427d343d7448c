/// Pickles, opcode by opcode: each function gives the bytes that leave one value on the stack.
public enum PickleBytes {
  /// A whole pickle of protocol 2.
  ///
  /// - Parameter root: the bytes of the value it stands for.
  /// - Returns: the pickle.
  public static func file(_ root: [UInt8]) -> [UInt8] { [0x80, 2] + root + [0x2E] }

  /// A string.
  ///
  /// - Parameter text: of any length.
  /// - Returns: the opcodes.
  public static func text(_ text: String) -> [UInt8] {
    [0x58] + littleEndian(UInt32(text.utf8.count)) + Array(text.utf8)
  }

  /// An integer.
  ///
  /// - Parameter value: of 64 bits.
  /// - Returns: the opcodes.
  public static func integer(_ value: Int) -> [UInt8] { [0x8A, 8] + littleEndian(Int64(value)) }

  /// A class or function by name.
  ///
  /// - Parameters:
  ///   - module: where it is.
  ///   - name: what it is called there.
  /// - Returns: the opcodes.
  public static func global(_ module: String, _ name: String) -> [UInt8] {
    Array("c\(module)\n\(name)\n".utf8)
  }

  /// A tuple.
  ///
  /// - Parameter items: the bytes of each item.
  /// - Returns: the opcodes.
  public static func tuple(_ items: [[UInt8]]) -> [UInt8] { [0x28] + items.joined() + [0x74] }

  /// A dict.
  ///
  /// - Parameter entries: the bytes of each key and value.
  /// - Returns: the opcodes.
  public static func dictionary(_ entries: [(key: [UInt8], value: [UInt8])]) -> [UInt8] {
    [0x7D, 0x28] + entries.flatMap { $0.key + $0.value } + [0x75]
  }

  /// A dict with string keys.
  ///
  /// - Parameter entries: each key, and the bytes of its value.
  /// - Returns: the opcodes.
  public static func dictionary(_ entries: [(String, [UInt8])]) -> [UInt8] {
    dictionary(entries.map { (key: text($0.0), value: $0.1) })
  }

  /// A call.
  ///
  /// - Parameters:
  ///   - module: where the function is.
  ///   - name: what it is called there.
  ///   - arguments: the bytes of each.
  /// - Returns: the opcodes.
  public static func call(_ module: String, _ name: String, _ arguments: [[UInt8]]) -> [UInt8] {
    global(module, name) + tuple(arguments) + [0x52]
  }

  /// A storage.
  ///
  /// - Parameters:
  ///   - key: its entry below `data/`.
  ///   - type: such as `FloatStorage`.
  ///   - count: elements.
  /// - Returns: the opcodes.
  public static func storage(_ key: String, type: String, count: Int) -> [UInt8] {
    let module = type == "UntypedStorage" ? "torch.storage" : "torch"
    return tuple([text("storage"), global(module, type), text(key), text("cpu"), integer(count)])
      + [0x51]
  }

  /// A tensor over a storage.
  ///
  /// - Parameters:
  ///   - key: the storage's.
  ///   - type: the storage's.
  ///   - count: the storage's elements.
  ///   - offset: of the first element.
  ///   - shape: extents.
  ///   - strides: in elements.
  ///   - marks: the bytes of a last argument, if any.
  /// - Returns: the opcodes.
  public static func tensor(
    _ key: String = "0", type: String = "FloatStorage", count: Int, offset: Int = 0, shape: [Int],
    strides: [Int], marks: [UInt8]? = nil
  ) -> [UInt8] {
    let arguments = [
      storage(key, type: type, count: count), integer(offset), tuple(shape.map(integer)),
      tuple(strides.map(integer)), [0x89], call("collections", "OrderedDict", []),
    ]
    return call("torch._utils", "_rebuild_tensor_v2", arguments + (marks.map { [$0] } ?? []))
  }
}

/// A short sequence over and over.
///
/// - Parameters:
///   - bytes: the sequence.
///   - count: how often.
/// - Returns: `bytes.count * count` bytes.
public func repeated(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
  var all: [UInt8] = []
  all.reserveCapacity(bytes.count * count)
  for _ in 0..<count { all += bytes }
  return all
}
