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

/// The digests of a model's parameters, under canonical names, tied ones once, buffers left out.
///
/// Files of any format, shards, order, metadata and prefixes give the same.
public struct ModelDigests: Hashable, Codable, Sendable {
  /// Canonical names, in the order of the checkpoint.
  public let names: [TensorName]
  /// One for each name.
  public let digests: [ContentDigest]

  /// Collects digests.
  ///
  /// - Parameters:
  ///   - names: canonical names, each once.
  ///   - digests: one for each.
  public init(names: [TensorName], digests: [ContentDigest]) {
    precondition(names.count == digests.count)
    (self.names, self.digests) = (names, digests)
  }

  /// The digest of the whole model.
  public var model: ContentDigest {
    ContentDigest(ofModel: zip(names, digests).map { (name: $0, digest: $1) })
  }
}

extension ParameterList {
  /// The digests of the model and its parameters.
  ///
  /// - Parameter threads: how many work at once.
  /// - Returns: the digests.
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  /// - Complexity: one read of every parameter.
  public func digests(threads: Int) throws -> ModelDigests {
    ModelDigests(
      names: parameters.map(\.name.canonical),
      digests: try contentDigests(of: parameters.map(\.record), threads: threads))
  }
}
