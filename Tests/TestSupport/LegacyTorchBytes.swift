/// What `torch.save` wrote before PyTorch 1.6.
public struct LegacyTorchBytes {
  /// The bytes of the saved object.
  public var root: [UInt8]
  /// The format's version.
  public var version: [UInt8] = [0x4D, 0xE9, 0x03]
  /// Each storage's key, number of elements, and bytes.
  public var storages: [(key: String, count: UInt64, bytes: [UInt8])]
  /// The bytes of the list of keys, if another than of ``storages``.
  public var keys: [UInt8]?

  /// Creates a file's parts.
  ///
  /// - Parameters:
  ///   - root: the bytes of the saved object.
  ///   - storages: each key, number of elements, and bytes.
  public init(_ root: [UInt8], storages: [(key: String, count: UInt64, bytes: [UInt8])]) {
    (self.root, self.storages) = (root, storages)
  }

  /// The file's content.
  public var bytes: [UInt8] {
    let magic: [UInt8] = [0x8A, 10, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]
    let system = PickleBytes.dictionary([("little_endian", [0x88])])
    let listed: [UInt8] = storages.flatMap { PickleBytes.text($0.key) }
    let list = keys ?? [0x5D, 0x28] + listed + [0x65]
    let data: [UInt8] = storages.flatMap { littleEndian($0.count) + $0.bytes }
    return [magic, version, system, root, list].flatMap { PickleBytes.file($0) } + data
  }

  /// A storage.
  ///
  /// - Parameters:
  ///   - key: under which the list has it.
  ///   - type: such as `FloatStorage`.
  ///   - count: elements.
  ///   - view: the first element and the number of those of a view, if it is one.
  /// - Returns: the opcodes.
  public static func storage(
    _ key: String, type: String = "FloatStorage", count: Int, view: (first: Int, count: Int)? = nil
  ) -> [UInt8] {
    let part = view.map {
      PickleBytes.tuple([
        PickleBytes.text("v"), PickleBytes.integer($0.first), PickleBytes.integer($0.count),
      ])
    }
    return PickleBytes.tuple([
      PickleBytes.text("storage"), PickleBytes.global("torch", type), PickleBytes.text(key),
      PickleBytes.text("cpu"), PickleBytes.integer(count), part ?? [0x4E],
    ]) + [0x51]
  }

  /// A tensor over a storage, by the oldest of the rebuilding functions.
  ///
  /// - Parameters:
  ///   - storage: its opcodes.
  ///   - offset: of the first element.
  ///   - shape: extents.
  ///   - strides: in elements.
  /// - Returns: the opcodes.
  public static func tensor(
    _ storage: [UInt8], offset: Int = 0, shape: [Int], strides: [Int]
  ) -> [UInt8] {
    let lists = [shape, strides].map { PickleBytes.tuple($0.map(PickleBytes.integer)) }
    return PickleBytes.call(
      "torch._utils", "_rebuild_tensor", [storage, PickleBytes.integer(offset)] + lists)
  }
}
