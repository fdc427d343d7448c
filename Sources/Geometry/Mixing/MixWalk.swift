import Checkpoints
import Tensors

/// One pass over checkpoints that computes a mix and takes the checkpoints' digests.
///
/// A file takes writes of one thread at a time, and a digest takes its elements in order. Together
/// they keep all threads busy: while one writes, others take digests of what has been read.
struct MixWalk: Sendable {
  private let models: [ParameterList]
  private let items: [Item]
  /// How many items are tensors of the mix; they come first.
  private let tensorCount: Int

  /// Elements computed and written at once.
  private static let longestPiece = 1 << 16

  /// Plans the pass.
  ///
  /// - Parameter mix: what to compute.
  init(_ mix: CheckpointMix) {
    let all = mix.models.enumerated().flatMap { model, list in
      list.parameters.enumerated().map { Source(model: model, position: $0, parameter: $1) }
    }
    var left = Dictionary(grouping: all, by: \.name)
    let computed = mix.tensors.map { tensor in
      let alike = left.removeSources(of: tensor.name.canonical, fitting: tensor.combiner)
      return Item(combiner: tensor.combiner, sources: alike)
    }
    let others = all.filter { source in left[source.name]?.contains(source) ?? false }
    items = computed + others.map { Item(combiner: nil, sources: [$0]) }
    (models, tensorCount) = (mix.models, computed.count)
  }

  /// Computes everything, and takes all digests.
  ///
  /// - Parameters:
  ///   - resources: how much of the machine to use; the bytes do not depend on it.
  ///   - write: takes elements; see ``CheckpointMix/combine(using:_:)``.
  /// - Returns: what became of the elements of each tensor of the mix.
  /// - Throws: what `write` throws; `CheckpointError` if a file cannot be read to its end.
  func run(
    using resources: WalkResources,
    _ write: @escaping @Sendable (UnsafeRawBufferPointer, Int, Int) throws -> Void
  ) throws -> [CombinationTally] {
    let items = items
    let perBlock = items.map { $0.scratchByteCount(elements: TensorDifference.blockLength) }
    let piece = resources.pieceLength(
      scratchPerBlock: perBlock.max() ?? 0, atMost: MixWalk.longestPiece)
    let tallies = try ChunkedReduction(elementCounts: items.map(\.elementCount)).run(
      threads: resources.threads,
      empty: Array(repeating: CombinationTally(), count: items.count),
      scratchByteCount: items.map { $0.scratchByteCount(elements: piece) }.max() ?? 0
    ) { number, chunk, scratch in
      let tally = try items[number].combine(chunk, pieceLength: piece, scratch: scratch) {
        try write($0, number, $1)
      }
      try items[number].digests.add(chunk, pieceLength: piece, scratch: scratch)
      return tally
    }
    return Array(tallies.prefix(tensorCount))
  }

  /// The digests of each checkpoint, once ``run(using:_:)`` has returned.
  var digests: [ModelDigests] {
    var found = [[ContentDigest?]](models.map { Array(repeating: nil, count: $0.parameters.count) })
    for item in items {
      for (source, digest) in zip(item.sources, item.digests.digests) {
        found[source.model][source.position] = digest
      }
    }
    return zip(models, found).map { model, digests in
      ModelDigests(
        names: model.parameters.map(\.name.canonical), digests: digests.compactMap(\.self))
    }
  }
}

/// A parameter to take the digest of.
private struct Source: Equatable, Sendable {
  let model: Int
  /// Among the parameters of its checkpoint.
  let position: Int
  let name: TensorName
  let record: TensorRecord

  init(model: Int, position: Int, parameter: ParameterList.Parameter) {
    (self.model, self.position) = (model, position)
    (name, record) = (parameter.name.canonical, parameter.record)
  }

  static func == (left: Source, right: Source) -> Bool {
    (left.model, left.position) == (right.model, right.position)
  }
}

/// What is read together: a tensor to compute, if any, and those of its length to take digests of.
private struct Item: Sendable {
  let combiner: Combiner?
  let sources: [Source]
  let digests: OrderedDigests
  let elementCount: Int

  /// - Precondition: there is a combiner or a source.
  init(combiner: Combiner?, sources: [Source]) {
    (self.combiner, self.sources) = (combiner, sources)
    digests = OrderedDigests(of: sources.map(\.record))
    elementCount = combiner?.elementCount ?? sources[0].record.shape.elementCount
  }

  func scratchByteCount(elements count: Int) -> Int {
    max(
      combiner?.scratchByteCount(elements: count) ?? 0, digests.scratchByteCount(elements: count))
  }

  func combine(
    _ chunk: Range<Int>, pieceLength piece: Int, scratch: UnsafeMutableRawBufferPointer,
    _ write: (UnsafeRawBufferPointer, Int) throws -> Void
  ) throws -> CombinationTally {
    var tally = CombinationTally()
    guard let combiner else { return tally }
    for first in stride(from: chunk.lowerBound, to: chunk.upperBound, by: piece) {
      let range = first..<min(first + piece, chunk.upperBound)
      let part = try combiner.combine(range, scratch: scratch)
      try write(part.bytes, first)
      tally.merge(part.tally)
    }
    return tally
  }
}

extension Dictionary where Key == TensorName, Value == [Source] {
  /// Takes out the sources of a name that are of the length of a combination.
  fileprivate mutating func removeSources(of name: TensorName, fitting combiner: Combiner) -> Value
  {
    let found = self[name] ?? []
    let isAlike = { (source: Source) in source.record.shape.elementCount == combiner.elementCount }
    self[name] = found.filter { !isAlike($0) }
    return found.filter(isAlike)
  }
}
