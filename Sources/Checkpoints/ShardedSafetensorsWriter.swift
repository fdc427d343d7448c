import JSON
import Tensors

/// A checkpoint being written as one safetensors file, or, above a size, as several with an index.
///
/// Tensors stay in order; a new shard begins where the next tensor would make the last one larger
/// than allowed, so that only a tensor larger than that by itself makes a larger shard. Without a
/// need for several shards there is one file and no index.
///
/// Source: the names and the index that transformers writes: `model-00001-of-00003.safetensors`
/// and `model.safetensors.index.json`.
public final class ShardedSafetensorsWriter: Sendable {
  /// The names of the files that make up the checkpoint, the index last if there is one.
  public let fileNames: [String]
  private let indexPath: String
  private let index: [UInt8]?
  private let shards: [SafetensorsWriter]
  /// For each entry, its shard and its position there.
  private let places: [(shard: Int, position: Int)]

  /// Creates the files, under temporary names, and writes their headers.
  ///
  /// - Parameters:
  ///   - path: the file to create if one is enough; shards and index get names like it.
  ///   - entries: the tensors, in order.
  ///   - limit: bytes of tensors that a shard may hold; `nil` for one file.
  ///   - metadata: text that every file carries; of equal keys the first counts.
  /// - Throws: ``OutputError`` if a file cannot be created.
  public init(
    _ path: String, entries: [SafetensorsWriter.Entry], limit: Int?,
    metadata: [(key: String, value: String)]
  ) throws {
    let groups = ShardedSafetensorsWriter.divide(entries, limit: limit ?? Int.max)
    let paths = ShardedSafetensorsWriter.paths(path, count: groups.count)
    shards = try zip(paths, groups).map { path, group in
      try SafetensorsWriter(path, entries: Array(entries[group]), metadata: metadata)
    }
    places = groups.enumerated().flatMap { shard, group in
      group.map { (shard, $0 - group.lowerBound) }
    }
    let names = paths.map(baseName)
    indexPath = path + ".index.json"
    index =
      groups.count == 1
      ? nil : ShardedSafetensorsWriter.index(entries, places.map { names[$0.shard] })
    fileNames = names + (index == nil ? [] : [baseName(indexPath)])
  }

  /// Writes elements of a tensor; several threads may, each element once.
  ///
  /// - Parameters:
  ///   - bytes: whole elements, row-major and lowest byte first.
  ///   - entry: the position of the tensor in the list of entries.
  ///   - element: the first of the elements.
  /// - Throws: ``OutputError`` if they cannot be written.
  public func write(_ bytes: UnsafeRawBufferPointer, of entry: Int, from element: Int) throws {
    let place = places[entry]
    try shards[place.shard].write(bytes, of: place.position, from: element)
  }

  /// Writes other metadata over those given first, where what they say is known only now.
  ///
  /// - Parameter metadata: text to carry, as long as that given first.
  /// - Throws: ``OutputError`` if it cannot be written.
  public func replaceMetadata(_ metadata: [(key: String, value: String)]) throws {
    for shard in shards { try shard.replaceMetadata(metadata) }
  }

  /// Puts the files in place, the index last.
  ///
  /// - Throws: ``OutputError`` if that cannot be done.
  public func commit() throws {
    for shard in shards { try shard.commit() }
    if let index { try writeAtomically(index, to: indexPath) }
  }

  private static func divide(
    _ entries: [SafetensorsWriter.Entry], limit: Int
  ) -> [Range<Int>] {
    var (groups, first, size) = ([Range<Int>](), 0, 0)
    for (position, entry) in entries.enumerated() {
      let more = entry.shape.byteCount(of: entry.dtype)
      if size > 0, more > limit - size {
        groups.append(first..<position)
        (first, size) = (position, 0)
      }
      size += more
    }
    return groups + [first..<entries.count]
  }

  private static func paths(_ path: String, count: Int) -> [String] {
    guard count > 1 else { return [path] }
    let suffix = ".safetensors"
    let stem = path.hasSuffix(suffix) ? String(path.dropLast(suffix.count)) : path
    return (1...count).map { "\(stem)-\(fiveDigits($0))-of-\(fiveDigits(count))\(suffix)" }
  }

  private static func fiveDigits(_ number: Int) -> String {
    String(repeating: "0", count: max(5 - "\(number)".count, 0)) + "\(number)"
  }

  private static func index(
    _ entries: [SafetensorsWriter.Entry], _ files: [String]
  ) -> [UInt8] {
    let size = entries.reduce(0) { $0 + $1.shape.byteCount(of: $1.dtype) }
    let map = zip(entries, files).map { ($0.name.text, jsonString($1)) }
    let text = jsonObject([
      ("metadata", jsonObject([("total_size", "\(size)")])), ("weight_map", jsonObject(map)),
    ])
    return Array((text + "\n").utf8)
  }
}
