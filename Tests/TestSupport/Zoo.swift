import Foundation

/// A folder of good and bad checkpoints with a list of what each is.
///
/// It is not part of this package. It is looked for in `$TRANSECT_SHARED_DATA/zoo`, or else in
/// `shared/data/zoo` beside the package.
public enum Zoo {
  /// One file or folder of the zoo.
  public struct Case: Decodable, Sendable, CustomStringConvertible {
    /// What its tensors are, as far as listed.
    public struct Tensor: Decodable, Sendable {
      /// As NumPy and PyTorch name it.
      public let dtype: String
      /// The extents, outermost first.
      public let shape: [Int]
      /// Of the elements' bytes, lowest first, in row-major order.
      public let sha256: String
    }

    /// Its path within the zoo.
    public let file: String
    /// The folder it is in.
    public let group: String
    /// Whether a reader must take it (true), refuse it (false), or may do either.
    public let valid: Bool?
    /// Its tensors by name, or some of them.
    public let tensors: [String: Tensor]?

    /// The path, by which test reports name it.
    public var description: String { file }

    /// Where it is on disk.
    public var path: String { Zoo.folder + "/zoo/" + file }
  }

  /// The folder with shared data.
  public static let folder: String =
    ProcessInfo.processInfo.environment["TRANSECT_SHARED_DATA"]
    ?? URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../shared/data").standardizedFileURL.path

  /// Whether the zoo is there.
  public static var isPresent: Bool { FileManager.default.fileExists(atPath: manifest) }

  /// What to say where it is not.
  public static let absence = "no zoo: set TRANSECT_SHARED_DATA to the folder that holds zoo/"

  /// The cases of some groups, or none if the zoo is absent.
  ///
  /// - Parameter prefixes: what the groups' names begin with.
  /// - Returns: in the order of the list.
  public static func cases(_ prefixes: String...) -> [Case] {
    guard let data = FileManager.default.contents(atPath: manifest),
      let all = try? JSONDecoder().decode([Case].self, from: data)
    else { return [] }
    return all.filter { zooCase in prefixes.contains { zooCase.group.hasPrefix($0) } }
  }

  private static var manifest: String { folder + "/zoo/manifest.json" }
}
