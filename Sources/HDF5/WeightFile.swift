/// Where the arrays of an HDF5 file lie in it, as libhdf5 found them: no element was read.
///
/// Keras, and transformers' models for TensorFlow, keep weights in such files. The library is used
/// for what it alone understands, the tree of groups and the index of chunks; elements are taken
/// from the file by the offsets that are noted here. Nothing here has been compared with the size of
/// the file.
///
/// Source: "HDF5 File Format Specification Version 3.0"; Keras, `legacy/saving/legacy_h5_format.py`.
public struct WeightFile: Hashable, Sendable {
  /// How an element is encoded.
  public enum Element: UInt8, CaseIterable, Sendable {
    case float16, bfloat16, float32, float64
    case int8, int16, int32, int64, uint8, uint16, uint32, uint64
  }

  /// What was done to the bytes of a chunk, as HDF5 numbers it.
  public enum Filter: UInt8, CaseIterable, Sendable {
    /// zlib's format around Deflate.
    case deflate = 1
    /// The first bytes of all elements, then the second, and so on.
    case shuffle = 2
    /// Four bytes of checksum after the others.
    case checksum = 3
  }

  /// One part of an array that is stored in chunks.
  public struct Chunk: Hashable, Sendable {
    /// Where it lies in the file.
    public let offset: Int
    /// Bytes that it takes there.
    public let byteCount: Int
    /// Bits for those filters, from the lowest, that were not applied.
    public let skippedFilters: UInt32

    /// Creates a part.
    ///
    /// - Parameters:
    ///   - offset: where it lies in the file.
    ///   - byteCount: bytes that it takes there.
    ///   - skippedFilters: bits for filters that were not applied.
    public init(offset: Int, byteCount: Int, skippedFilters: UInt32) {
      (self.offset, self.byteCount, self.skippedFilters) = (offset, byteCount, skippedFilters)
    }
  }

  /// How the elements lie.
  public enum Layout: Hashable, Sendable {
    /// One after the other.
    case contiguous(offset: Int, byteCount: Int)
    /// In chunks of equal extents, row-major, those at the edges as large as the others; filters in
    /// the order they were applied.
    case chunked(extents: [Int], filters: [Filter], chunks: [Chunk])
  }

  /// One array.
  public struct Dataset: Hashable, Sendable {
    /// Its place in the tree, such as `/transformer/wte/weight:0`.
    public let path: String
    /// The name by which Keras lists it among the weights of a layer, or `nil` if it does not.
    public let weightName: String?
    /// How an element is encoded.
    public let element: Element
    /// Whether the highest byte of an element comes first.
    public let isBigEndian: Bool
    /// The extents, outermost first.
    public let extents: [Int]
    /// Where the elements are.
    public let layout: Layout

    /// Creates an array.
    ///
    /// - Parameters:
    ///   - path: its place in the tree.
    ///   - weightName: the name by which Keras lists it, if it does.
    ///   - element: how an element is encoded.
    ///   - isBigEndian: whether the highest byte comes first.
    ///   - extents: outermost first.
    ///   - layout: where the elements are.
    public init(
      path: String, weightName: String?, element: Element, isBigEndian: Bool, extents: [Int],
      layout: Layout
    ) {
      (self.path, self.weightName, self.element) = (path, weightName, element)
      (self.isBigEndian, self.extents, self.layout) = (isBigEndian, extents, layout)
    }
  }

  /// Every array, in the order of the tree.
  public let datasets: [Dataset]
  /// Attributes of the file that are one text each, such as `keras_version`.
  public let texts: [String: String]

  /// Creates a file's content.
  ///
  /// - Parameters:
  ///   - datasets: every array.
  ///   - texts: attributes of one text each.
  public init(datasets: [Dataset], texts: [String: String]) {
    (self.datasets, self.texts) = (datasets, texts)
  }

  /// More than any model has.
  static let datasetLimit = 250_000
  static let chunkLimit = 1_000_000
  static let depthLimit = 64
  /// The largest attribute that is read, in bytes.
  static let attributeLimit = 1 << 26
}

// MARK: In another process

extension WeightFile {
  /// The first argument of this program when it is started to read such a file for another process
  /// of its own; the file follows.
  public static let readerVerb = "read-weights"

  private static let answerLimit = 1 << 28

  /// Reads a file in a process of its own, since libhdf5 can crash on a damaged one.
  ///
  /// - Parameter path: the file.
  /// - Returns: where its arrays lie.
  /// - Throws: ``HDF5Error`` with ``HDF5Error/Reason/foreignFile(_:)`` if it is refused, with
  ///   ``HDF5Error/Reason/readerFailed(_:)`` if the process did not survive.
  /// - Complexity: starting the process takes some milliseconds; no element is read.
  public static func read(apart path: String) throws -> WeightFile {
    let answer = try ReaderProcess.output(of: [readerVerb, "--", path], limit: answerLimit)
    guard let file = try WeightForm.file(in: answer) else {
      throw HDF5Error(.readerFailed("is damaged (the process that reads it gave no whole answer)"))
    }
    return file
  }

  /// What the process says of a file; it is restricted from here on, and can open no other.
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - byteCount: of the file.
  /// - Returns: the bytes for its parent.
  public static func answer(path: String, byteCount: Int) -> [UInt8] {
    ReaderProcess.restrictToOneFile(of: byteCount)
    do {
      return WeightForm.content(try WeightFile(reading: path))
    } catch {
      return StoredForm.refusal("\(error)")
    }
  }
}
