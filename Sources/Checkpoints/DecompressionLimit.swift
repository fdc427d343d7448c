/// How much compressed bytes may become: 64 MiB and 32 times the file.
///
/// Deflate can make a thousand bytes of one, so that a small file could keep a reader busy for
/// minutes before it is found to be damaged. Weights do not come near this: binary32 noise becomes
/// some 8 % smaller, and what is nine tenths zeros a tenth.
struct DecompressionLimit {
  private let file: InputFile
  private let byteCount: Int

  init(_ file: InputFile) {
    self.file = file
    let (share, overflow) = file.byteCount.multipliedReportingOverflow(by: 32)
    byteCount = overflow ? .max : share.addingReportingOverflow(64 << 20).partialValue
  }

  /// Checks what compressed bytes of the file say that they become.
  ///
  /// - Parameter byteCounts: of the content of each part.
  /// - Throws: ``CheckpointError`` if it is more in all.
  func check(_ byteCounts: some Sequence<Int>) throws {
    var total = 0
    for count in byteCounts {
      let (sum, overflow) = total.addingReportingOverflow(count)
      guard !overflow, sum <= byteCount else {
        throw CheckpointError(
          .unsupported, in: file.path,
          "its \(file.byteCount) bytes would become more than \(byteCount) when decompressed, "
            + "which is not read: save the arrays uncompressed")
      }
      total = sum
    }
  }
}
