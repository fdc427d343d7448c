import JSON
import Synchronization
import Tensors

/// A safetensors file being written, in any order, in memory that does not depend on size.
///
/// The header names tensors in the order given, with blanks at its end so that the data begin at
/// a multiple of 8 bytes. The data lie by falling size of their elements, so that each is aligned
/// as its type wants: readers that view the file in place need that.
///
/// Source: the safetensors format description, "Format".
public final class SafetensorsWriter: Sendable {
  /// A tensor to come.
  public struct Entry: Sendable {
    /// Its name, kept as it is.
    public let name: TensorName
    /// The encoding of each element.
    public let dtype: DType
    /// Its extents.
    public let shape: Shape

    /// Describes a tensor to come.
    ///
    /// - Parameters:
    ///   - name: distinct from the others'.
    ///   - dtype: the encoding of each element.
    ///   - shape: its extents.
    public init(name: TensorName, dtype: DType, shape: Shape) {
      (self.name, self.dtype, self.shape) = (name, dtype, shape)
    }

    fileprivate var byteCount: Int { shape.byteCount(of: dtype) }
  }

  private let file: AtomicFile
  private let entries: [Entry]
  /// Where in the file the elements of each entry begin.
  private let starts: [Int]
  private let missing: Atomic<Int>

  /// Creates the file, under a temporary name, and writes its header.
  ///
  /// - Parameters:
  ///   - path: the file to create or replace.
  ///   - entries: the tensors, in the order of the header.
  ///   - metadata: text to carry; of equal keys the first counts.
  /// - Throws: ``OutputError`` if it cannot be created, the header exceeds the format's limit, or
  ///   all tensors together exceed what an `Int` can count, as views that repeat their bytes may.
  public init(
    _ path: String, entries: [Entry], metadata: [(key: String, value: String)]
  ) throws {
    guard let total = SafetensorsWriter.byteCount(of: entries) else {
      throw OutputError(path, because: "the tensors' bytes are more than a file can have")
    }
    let offsets = SafetensorsWriter.offsets(of: entries)
    let header = SafetensorsWriter.header(entries, at: offsets, metadata: metadata)
    guard header.count <= SafetensorsFile.headerLimit else {
      throw OutputError(path, because: "a header of \(header.count) bytes is beyond the format")
    }
    self.entries = entries
    starts = offsets.map { 8 + header.count + $0 }
    missing = Atomic(total)
    file = try AtomicFile(replacing: path)
    let length = UInt64(header.count).littleEndian
    try withUnsafeBytes(of: length) { try file.write($0) }
    try header.withUnsafeBytes { try file.write($0) }
  }

  /// Where the bytes are until they are all there, for checks before ``commit()``.
  public var temporaryPath: String { file.temporaryPath }

  /// Writes elements of a tensor; several threads may, each element once.
  ///
  /// - Parameters:
  ///   - bytes: whole elements, row-major and lowest byte first.
  ///   - entry: the position of the tensor in the list of entries.
  ///   - element: the first of the elements.
  /// - Throws: ``OutputError`` if they cannot be written.
  /// - Precondition: the tensor has those elements.
  public func write(_ bytes: UnsafeRawBufferPointer, of entry: Int, from element: Int) throws {
    let first = element * entries[entry].dtype.byteCount
    precondition(element >= 0 && first + bytes.count <= entries[entry].byteCount)
    try file.write(bytes, at: starts[entry] + first)
    missing.wrappingSubtract(bytes.count, ordering: .relaxed)
  }

  /// Writes other metadata over those given first, where what they say is known only now.
  ///
  /// - Parameter metadata: text to carry, as long as that given first.
  /// - Throws: ``OutputError`` if it cannot be written.
  /// - Precondition: the header keeps its length.
  public func replaceMetadata(_ metadata: [(key: String, value: String)]) throws {
    let offsets = SafetensorsWriter.offsets(of: entries)
    let header = SafetensorsWriter.header(entries, at: offsets, metadata: metadata)
    precondition(starts.first.map { $0 == 8 + header.count + offsets[0] } ?? true)
    try header.withUnsafeBytes { try file.write($0, at: 8) }
  }

  /// Puts the file in place.
  ///
  /// - Throws: ``OutputError`` if that cannot be done.
  /// - Precondition: every byte has been written.
  public func commit() throws {
    precondition(missing.load(ordering: .relaxed) == 0)
    try file.commit()
  }

  private static func byteCount(of entries: [Entry]) -> Int? {
    entries.reduce(0) { (sum: Int?, entry) in
      sum.flatMap {
        let (total, overflows) = $0.addingReportingOverflow(entry.byteCount)
        return overflows ? nil : total
      }
    }
  }

  /// Where among the data each entry lies.
  private static func offsets(of entries: [Entry]) -> [Int] {
    var offsets = [Int](repeating: 0, count: entries.count)
    var end = 0
    let order = entries.indices.sorted {
      (-entries[$0].dtype.byteCount, $0) < (-entries[$1].dtype.byteCount, $1)
    }
    for index in order {
      offsets[index] = end
      end += entries[index].byteCount
    }
    return offsets
  }

  private static func header(
    _ entries: [Entry], at offsets: [Int], metadata: [(key: String, value: String)]
  ) -> [UInt8] {
    let text = jsonObject(
      member(metadata) + zip(entries, offsets).map { ($0.name.text, description($0, at: $1)) })
    let bytes = Array(text.utf8)
    return bytes + Array(repeating: UInt8(ascii: " "), count: (8 - bytes.count % 8) % 8)
  }

  private static func member(_ metadata: [(key: String, value: String)]) -> [(String, String)] {
    var keys = Set<TensorName>()
    let distinct = metadata.filter { keys.insert(TensorName($0.key)).inserted }
    guard !distinct.isEmpty else { return [] }
    return [("__metadata__", jsonObject(distinct.map { ($0.key, jsonString($0.value)) }))]
  }

  private static func description(_ entry: Entry, at offset: Int) -> String {
    jsonObject([
      ("dtype", jsonString(entry.dtype.rawValue)), ("shape", "\(entry.shape.dimensions)"),
      ("data_offsets", "\([offset, offset + entry.byteCount])"),
    ])
  }
}
