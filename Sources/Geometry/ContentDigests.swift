import Checkpoints
import Tensors
import Threads

/// The digests of tensors, several at a time.
///
/// - Parameters:
///   - records: the tensors.
///   - threads: how many work at once. The largest tensors come first.
/// - Returns: a digest for each, in their order.
/// - Throws: `CheckpointError` if a file cannot be read to its end.
/// - Complexity: one read of every tensor.
public func contentDigests(of records: [TensorRecord], threads: Int) throws -> [ContentDigest] {
  let order = records.indices.sorted {
    (records[$1].shape.elementCount, $0) < (records[$0].shape.elementCount, $1)
  }
  let found = try concurrentMap(records.count, threads: threads) { rank in
    try ContentDigest(of: records[order[rank]])
  }
  var digests = found
  for (rank, position) in order.enumerated() { digests[position] = found[rank] }
  return digests
}

extension ParameterList {
  /// The digest of the model: that of its parameters under canonical names, tied ones once, buffers
  /// left out. Files of any format, shards, order, metadata and prefixes give the same.
  ///
  /// - Parameter threads: how many work at once.
  /// - Returns: the digest.
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  public func modelDigest(threads: Int) throws -> ContentDigest {
    let digests = try contentDigests(of: parameters.map(\.record), threads: threads)
    return ContentDigest(
      ofModel: zip(parameters, digests).map { (name: $0.name.canonical, digest: $1) })
  }
}
