import JSON

extension JSONScanner {
  /// Reads the one value of a file.
  ///
  /// - Throws: ``CheckpointError`` naming the file, for what `body` finds at fault and for
  ///   anything that follows the value.
  static func read(
    _ bytes: [UInt8], path: String, _ body: (inout JSONScanner) throws -> Void
  ) throws {
    do {
      try read(bytes, body)
    } catch let fault as Fault {
      throw CheckpointError(.malformed, in: path, "byte \(fault.offset): \(fault.detail)")
    }
  }
}
