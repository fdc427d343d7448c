import Checkpoints

extension ParameterList {
  /// The digest of the model: parameters only, tied ones once; see `ContentDigest`.
  ///
  /// - Parameter threads: how many hash tensors at once.
  /// - Returns: the digest.
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  public func contentDigest(threads: Int) throws -> ContentDigest {
    let parameters = parameters
    let digests = try concurrentMap(parameters.count, threads: threads) {
      try ContentDigest(of: parameters[$0].record)
    }
    return ContentDigest(ofModel: zip(parameters, digests).map { ($0.name.canonical, $1) })
  }
}
