/// Pickles that follow each other in a file.
///
/// Nothing says how long a pickle is before it has been run. So it is run on the first bytes from
/// where it begins, and again on eight times as many while it ends beyond them.
struct PickleSequence {
  /// The largest pickle that is read, in bytes.
  static let pickleLimit = 200_000_000

  private let file: InputFile
  /// Where the next pickle begins, or what follows the last.
  private(set) var offset = 0

  /// Begins with the first byte of a file.
  init(_ file: InputFile) { self.file = file }

  /// Runs the next pickle.
  ///
  /// - Parameter keepsLists: whether the items of lists are kept.
  /// - Returns: what it describes.
  /// - Throws: ``CheckpointError`` for whatever ``PickleMachine`` refuses.
  mutating func next(keepsLists: Bool = false) throws -> PickleGraph {
    var length = 1 << 16
    while true {
      let available = min(file.byteCount - offset, PickleSequence.pickleLimit)
      do {
        let bytes = try file.copy(offset..<offset + min(length, available))
        let graph = try PickleMachine.run(
          bytes, keepsLists: keepsLists, fileByteCount: file.byteCount)
        offset += graph.byteCount
        return graph
      } catch let fault as PickleMachine.Fault {
        guard fault.isCutOff, length < available else {
          throw CheckpointError(
            fault.reason, in: file.path, "pickle at byte \(offset + fault.offset): \(fault.detail)")
        }
        length *= 8
      }
    }
  }
}
