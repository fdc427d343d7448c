extension StoredResult {
  /// The first argument of this program when it is started to read a file for another process of its
  /// own; the file and the names of groups follow.
  public static let readerVerb = "read-result"

  /// Reads a result file in a process of its own, since libhdf5 can crash on a damaged one.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - groups: whose variables are wanted.
  /// - Returns: the file's attributes and those groups, as far as they are there.
  /// - Throws: ``HDF5Error`` with ``HDF5Error/Reason/foreignFile(_:)`` if the file is no whole result
  ///   file of this schema, with ``HDF5Error/Reason/readerFailed(_:)`` if the process did not survive.
  /// - Complexity: starting the process takes some milliseconds.
  public static func read(apart path: String, groups: [String]) throws -> StoredResult {
    let answer = try ReaderProcess.output(
      of: [readerVerb, "--", path] + groups, limit: mostAnswerBytes)
    guard let content = try StoredForm.groups(in: answer) else {
      throw HDF5Error(.readerFailed("is damaged (the process that reads it gave no whole answer)"))
    }
    return StoredResult(groups: content)
  }

  private static let mostAnswerBytes = 1 << 32

  /// What the process says of a file; it is restricted from here on.
  ///
  /// - Parameters:
  ///   - image: the file's bytes.
  ///   - groups: whose variables are wanted.
  /// - Returns: the bytes for its parent.
  public static func answer(image: [UInt8], groups: [String]) -> [UInt8] {
    ReaderProcess.restrict(forReading: image.count)
    do {
      return StoredForm.content(try StoredResult(image: image, groups: groups).groups)
    } catch {
      return StoredForm.refusal("\(error)")
    }
  }
}
