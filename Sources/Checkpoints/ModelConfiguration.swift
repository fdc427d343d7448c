import JSON

/// What a model's `config.json` says: the settings of its outermost object.
///
/// Source: `PretrainedConfig` of `transformers`, which writes one JSON object with a member for
/// each setting; names of settings differ between families.
public struct ModelConfiguration: Hashable, Sendable {
  /// The file it was read from.
  public let path: String
  /// The JSON text of each setting's value; of equal names the last counts.
  public let settings: [String: String]

  private static let byteLimit = 1 << 22

  /// Reads the `config.json` that lies beside a checkpoint's file, or returns `nil` if there is
  /// none.
  ///
  /// - Parameter checkpoint: a checkpoint that was opened from a file.
  /// - Throws: ``CheckpointError`` if the file is there and is no JSON object, or larger
  ///   than 4 MiB.
  public init?(beside checkpoint: any Checkpoint) throws {
    guard
      let found = try companion(
        "config.json", of: checkpoint, limit: ModelConfiguration.byteLimit)
    else { return nil }
    try self.init(parsing: found.bytes, path: found.path)
  }

  /// Reads settings from the content of a file.
  ///
  /// - Parameters:
  ///   - bytes: the content.
  ///   - path: the file, for messages.
  /// - Throws: ``CheckpointError`` if it is no JSON object.
  public init(parsing bytes: [UInt8], path: String) throws {
    var settings: [String: String] = [:]
    try JSONScanner.read(bytes, path: path) { scanner in
      try scanner.object { scanner, key in settings[key] = try scanner.valueText() }
    }
    (self.path, self.settings) = (path, settings)
  }

  /// The first of some settings that is there and is an integer.
  ///
  /// - Parameter names: the names that families give one setting, in order.
  /// - Returns: its value, or `nil` if none is.
  public func integer(_ names: String...) -> Int? {
    names.lazy.compactMap { name in
      settings[name].flatMap { text in text.utf8.allSatisfy(isDigit) ? Int(text) : nil }
    }.first
  }
}

private func isDigit(_ byte: UInt8) -> Bool {
  (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
}
