/// What a model's `config.json` says, so far as it is needed: its integers.
///
/// Source: `PretrainedConfig` of `transformers`, which writes one JSON object with a member for
/// each setting; names of settings differ between families.
public struct ModelConfiguration: Hashable, Sendable {
  /// The file it was read from.
  public let path: String
  private let integers: [String: Int]

  private static let byteLimit = 1 << 22

  /// Reads the `config.json` that lies beside a checkpoint's file, or returns `nil` if there is
  /// none.
  ///
  /// - Parameter checkpoint: a checkpoint that was opened from a file.
  /// - Throws: ``CheckpointError`` if the file is there and is no JSON object, or larger than 4 MiB.
  public init?(beside checkpoint: any Checkpoint) throws {
    guard
      let found = try companion(
        "config.json", of: checkpoint, limit: ModelConfiguration.byteLimit)
    else { return nil }
    try self.init(parsing: found.bytes, path: found.path)
  }

  init(parsing bytes: [UInt8], path: String) throws {
    var (scanner, integers) = (JSONScanner(bytes), [String: Int]())
    do {
      try scanner.object { scanner, key in
        if let next = scanner.peek(), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(next) {
          integers[key] = try scanner.integerOrNil()
        } else {
          try scanner.skipValue()
        }
      }
      guard scanner.isAtEnd() else { throw scanner.fault("more than one object") }
    } catch let fault as JSONScanner.Fault {
      throw CheckpointError(.malformed, in: path, "byte \(fault.offset): \(fault.detail)")
    }
    (self.path, self.integers) = (path, integers)
  }

  /// The first of some settings that is there and is an integer.
  ///
  /// - Parameter names: the names that families give one setting, in order.
  /// - Returns: its value, or `nil` if none is.
  public func integer(_ names: String...) -> Int? { names.lazy.compactMap { integers[$0] }.first }
}

extension JSONScanner {
  /// Reads a number that is not negative; `nil` if it is no integer or too large for one.
  fileprivate mutating func integerOrNil() throws -> Int? {
    var whole = self
    if let value = try? whole.count() {
      self = whole
      return value
    }
    try skipValue()
    return nil
  }
}
