import Foundation

/// Where this package's files are.
public enum PackageFolder {
  /// The path of a file or folder of the package.
  ///
  /// - Parameter name: relative to the folder of Package.swift.
  /// - Returns: the path.
  public static func path(_ name: String) -> String {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../" + name).standardizedFileURL.path
  }
}
