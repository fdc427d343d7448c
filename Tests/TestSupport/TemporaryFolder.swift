import Foundation

/// A new folder that is removed with its contents when the last reference to it goes.
public final class TemporaryFolder: Sendable {
  /// The folder's path.
  public let path: String

  /// Creates an empty folder.
  ///
  /// - Throws: if the system's temporary folder cannot be written to.
  public init() throws {
    let url = FileManager.default.temporaryDirectory
      .appendingPathComponent("transect-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    path = url.path
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, and the folders above it.
  ///
  /// - Parameters:
  ///   - bytes: the whole content.
  ///   - name: a path within this folder.
  /// - Returns: the file's path.
  /// - Throws: if it cannot be written.
  @discardableResult
  public func write(_ bytes: [UInt8], to name: String) throws -> String {
    let url = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }
}

/// The integer's bytes, lowest first.
///
/// - Parameter value: of any width.
/// - Returns: as many bytes as the type has.
public func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
  withUnsafeBytes(of: value.littleEndian) { Array($0) }
}

extension String {
  /// Whether no character ends a line or steers a terminal.
  public var isOneLine: Bool {
    !unicodeScalars.contains { $0.properties.generalCategory == .control || $0 == "\u{2028}" }
  }
}
