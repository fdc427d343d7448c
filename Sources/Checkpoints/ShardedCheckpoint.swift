import Glibc
import JSON
import Tensors

/// A checkpoint in several files, with an index that says which file holds which tensor.
///
/// The index decides: a tensor that a shard holds besides is left out, and noted. A tensor that
/// the index names and its shard does not hold is an error.
///
/// Source: `model.safetensors.index.json` and `pytorch_model.bin.index.json` as transformers
/// writes them: an object with `weight_map`, from tensor name to file name.
public struct ShardedCheckpoint: Checkpoint {
  /// The path by which it was opened.
  public let path: String
  /// The format's name.
  public let format: String
  /// Every tensor that the index names, shard by shard.
  public let records: [TensorRecord]
  /// The metadata of all shards, equal entries once.
  public let metadata: [(key: String, value: String)]
  /// What shards hold that the index does not name.
  public let notes: [String]

  /// Opens every shard that an index names.
  ///
  /// - Parameters:
  ///   - path: the index file.
  ///   - mode: how tensors will be read.
  /// - Throws: ``CheckpointError`` if the index or a shard is malformed, or they disagree.
  public init(index path: String, mode: InputMode = .mapped) throws {
    let index = try WeightIndex(InputFile(path, mode: .pread))
    var shards: [TensorName: any Checkpoint] = [:]
    for name in index.shardNames {
      let shard = sibling(name.text, of: path)
      try ShardedCheckpoint.requireNoWayOut(shard, index: path)
      shards[name] = try openSingleFile(shard, mode: mode, partOf: path)
    }
    (records, notes) = try ShardedCheckpoint.select(index, from: shards)
    format = (index.shardNames.first.flatMap { shards[$0]?.format } ?? "empty") + " shards"
    var known = Set<[String]>()
    metadata = index.shardNames.flatMap { shards[$0]?.metadata ?? [] }
      .filter { known.insert([$0.key, $0.value]).inserted }
    self.path = path
  }

  /// Refuses a symbolic link by which a shard leads to another folder than the index does.
  ///
  /// The cache of Hugging Face has links to files of one folder, for the index as for the shards.
  private static func requireNoWayOut(_ shard: String, index: String) throws {
    let here = [resolvingLinks(folder(of: index)) + "/", folder(of: resolvingLinks(index))]
    guard access(shard, F_OK) != 0 || here.contains(folder(of: resolvingLinks(shard))) else {
      throw CheckpointError(
        .malformed, in: index,
        "shard \(baseName(shard)) is a symbolic link to a file outside the folder of the index")
    }
  }

  private static func select(
    _ index: WeightIndex, from shards: [TensorName: any Checkpoint]
  ) throws -> ([TensorRecord], [String]) {
    var remaining = index.shardByTensor
    var (selected, notes) = ([TensorRecord](), [String]())
    for shardName in index.shardNames {
      guard let shard = shards[shardName] else { continue }
      notes += shard.notes
      let mine = shard.records.filter { index.shardByTensor[$0.name] == shardName }
      for record in mine { remaining[record.name] = nil }
      selected += mine
      if shard.records.count > mine.count {
        notes.append(
          "\(shardName) holds \(shard.records.count - mine.count) tensors that the index does not "
            + "assign to it; they are left out")
      }
    }
    if let (name, shard) = remaining.min(by: { $0.key < $1.key }) {
      throw CheckpointError(
        .incomplete, in: index.path, tensor: name,
        "the index places it in \(shard), which does not hold it")
    }
    return (selected, notes)
  }
}

/// The `weight_map` of an index file.
struct WeightIndex {
  let path: String
  private(set) var shardByTensor: [TensorName: TensorName] = [:]
  /// The shards in the order of their names.
  private(set) var shardNames: [TensorName] = []

  private static let sizeLimit = 64_000_000
  static let tensorLimit = 500_000

  init(_ file: InputFile) throws {
    path = file.path
    guard file.byteCount <= WeightIndex.sizeLimit else {
      throw CheckpointError(
        .malformed, in: path, "\(file.byteCount) bytes are too many for an index")
    }
    do {
      try parse(file.copy(0..<file.byteCount))
    } catch let fault as JSONScanner.Fault {
      throw CheckpointError(.malformed, in: path, "byte \(fault.offset): \(fault.detail)")
    }
    shardNames = Set(shardByTensor.values).sorted()
  }

  private mutating func parse(_ bytes: [UInt8]) throws {
    var scanner = JSONScanner(bytes)
    var hasMap = false
    try scanner.object { scanner, key in
      guard key == "weight_map" else { return try scanner.skipValue() }
      guard !hasMap else { throw scanner.fault("weight_map appears twice") }
      hasMap = true
      try readMap(&scanner)
    }
    guard scanner.isAtEnd() else { throw scanner.fault("something follows the object") }
    guard hasMap else {
      throw CheckpointError(.malformed, in: path, "is JSON without a weight_map, so no index")
    }
  }

  private mutating func readMap(_ scanner: inout JSONScanner) throws {
    try scanner.object { scanner, key in
      let (tensor, shard) = (TensorName(key), TensorName(try scanner.string()))
      guard !shard.text.isEmpty, shard.text != ".", shard.text != "..",
        !shard.text.utf8.contains(where: { $0 == UInt8(ascii: "/") || $0 == 0 })
      else {
        throw CheckpointError(
          .malformed, in: path, tensor: tensor,
          "shard '\(shard.text)' is not the name of a file beside the index")
      }
      guard shardByTensor.updateValue(shard, forKey: tensor) == nil else {
        throw CheckpointError(.malformed, in: path, tensor: tensor, "appears twice in the index")
      }
      guard shardByTensor.count <= WeightIndex.tensorLimit else {
        throw CheckpointError(
          .malformed, in: path, "places more than \(WeightIndex.tensorLimit) tensors")
      }
    }
  }
}
