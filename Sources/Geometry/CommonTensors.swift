import Checkpoints
import Tensors

/// A parameter that each of several checkpoints has, with one shape.
public struct CommonTensor: Sendable {
  /// The parameter's name and what it says.
  public let name: ParameterName
  /// The tensor of each checkpoint, laid out as that of the first.
  public let records: [TensorRecord]
  let readers: [ElementReader]

  init(name: ParameterName, records: [TensorRecord]) {
    (self.name, self.records, readers) = (name, records, records.map(ElementReader.init))
  }

  /// The extents, those of the first checkpoint.
  public var shape: Shape { records[0].shape }
  /// Elements of the tensor in one checkpoint.
  public var elementCount: Int { shape.elementCount }

  fileprivate func scratchByteCount(elements: Int) -> Int {
    readers.reduce(0) { $0 + $1.scratchByteCount(elements: elements) }
  }
}

/// The parameters that all of several checkpoints have with one shape, and one pass over them.
public struct CommonTensors: Sendable {
  /// Checkpoints compared.
  public let memberCount: Int
  /// What all have, in the order of the first.
  public let tensors: [CommonTensor]
  /// For each checkpoint but the first, what became of every parameter of it and of the first.
  public let coverage: [[CoverageEntry]]

  /// Finds what checkpoints have in common.
  ///
  /// Each is paired with the first. A tensor of which only some rows could be compared, or that
  /// one checkpoint only has as a tie, is left out.
  ///
  /// - Parameters:
  ///   - members: at least one; their order is kept.
  ///   - options: how to pair.
  public init(_ members: [ParameterList], options: CheckpointPairing.Options = .init()) {
    let pairings = members.dropFirst().map { member in
      CheckpointPairing(base: members[0], other: member, options: options)
    }
    let partners = zip(pairings, members.dropFirst()).map { pairing, member in
      Dictionary(
        pairing.pairs.filter { $0.isWhole(in: members[0], member) }
          .map { ($0.name.canonical, $0.other) }, uniquingKeysWith: { kept, _ in kept })
    }
    let tensors = members[0].parameters.compactMap { parameter -> CommonTensor? in
      let others = partners.compactMap { $0[parameter.name.canonical] }
      guard others.count == partners.count else { return nil }
      return CommonTensor(name: parameter.name, records: [parameter.record] + others)
    }
    (memberCount, self.tensors) = (members.count, tensors)
    coverage = CommonTensors.coverage(pairings, common: Set(tensors.map(\.name.canonical)))
  }

  /// Takes tensors that are known to belong together.
  init(memberCount: Int, tensors: [CommonTensor], coverage: [[CoverageEntry]]) {
    (self.memberCount, self.tensors, self.coverage) = (memberCount, tensors, coverage)
  }

  private static func coverage(
    _ pairings: [CheckpointPairing], common: Set<TensorName>
  ) -> [[CoverageEntry]] {
    pairings.map { pairing in
      pairing.coverage.map { entry in
        guard entry.status == .compared, !common.contains(entry.name) else { return entry }
        return CoverageEntry(
          name: entry.name, status: .notInAll, detail: "not in all checkpoints with one shape")
      }
    }
  }

  /// Canonical names of what every checkpoint but the first has.
  public var lackedByFirst: Set<TensorName> {
    let lacked = coverage.map { entries in
      Set(entries.filter { $0.status == .onlyInOther }.map(\.name))
    }
    return lacked.dropFirst().reduce(lacked.first ?? []) { $0.intersection($1) }
  }

  /// Some of the tensors; the coverage stays as it is.
  ///
  /// - Parameter positions: which, among ``tensors``.
  /// - Returns: those, in this order.
  public func tensors(at positions: [Int]) -> CommonTensors {
    CommonTensors(
      memberCount: memberCount, tensors: positions.map { tensors[$0] }, coverage: coverage)
  }

  /// The same without some tensors; the coverage stays as it is.
  ///
  /// - Parameter isIncluded: which to keep.
  /// - Returns: what is kept.
  func filter(_ isIncluded: (CommonTensor) -> Bool) -> CommonTensors {
    CommonTensors(
      memberCount: memberCount, tensors: tensors.filter(isIncluded), coverage: coverage)
  }
}

extension CommonTensors {
  /// Elements read at once of all checkpoints together: they fit the second-level cache.
  private static let longestPieces = 1 << 17

  /// Reads all tensors of all checkpoints once, in lockstep.
  ///
  /// - Parameters:
  ///   - resources: how much of the machine to use.
  ///   - empty: the result over no elements.
  ///   - add: takes the position of a tensor, the same elements of every checkpoint, and the
  ///     position of the first of them, a multiple of the block length.
  /// - Returns: the result for each tensor.
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  /// - Complexity: one read of every file; memory independent of their size.
  func reduce<Part: Mergeable>(
    using resources: WalkResources, empty: Part,
    _ add: @escaping @Sendable (inout Part, _ tensor: Int, [Elements], _ first: Int) -> Void
  ) throws -> [Part] {
    let (tensors, piece) = (tensors, pieceLength(for: resources))
    let found = try ChunkedReduction(elementCounts: tensors.map(\.elementCount)).run(
      threads: resources.threads, empty: tensors.map { _ in empty },
      scratchByteCount: tensors.map { $0.scratchByteCount(elements: piece) }.max() ?? 0
    ) { tensor, elements, scratch in
      var part = empty
      try tensors[tensor].forEachPiece(of: elements, length: piece, scratch: scratch) {
        add(&part, tensor, $0, $1)
      }
      return part
    }
    releasePages(
      of: tensors.flatMap { $0.readers.map(\.record.file) }, threads: resources.threads)
    return found
  }

  private func pieceLength(for resources: WalkResources) -> Int {
    let block = TensorDifference.blockLength
    let longest = max(CommonTensors.longestPieces / max(memberCount, 1) / block, 1) * block
    let perBlock = tensors.map { $0.scratchByteCount(elements: block) }.max() ?? 0
    return resources.pieceLength(scratchPerBlock: perBlock, atMost: longest)
  }
}

extension CommonTensor {
  fileprivate func forEachPiece(
    of elements: Range<Int>, length: Int, scratch: UnsafeMutableRawBufferPointer,
    _ body: ([Elements], _ first: Int) -> Void
  ) throws {
    for first in stride(from: elements.lowerBound, to: elements.upperBound, by: length) {
      let piece = first..<min(first + length, elements.upperBound)
      var free = scratch[...]
      let all = try readers.map { reader in
        let own = free.prefix(reader.scratchByteCount(elements: length))
        free = free.dropFirst(own.count)
        return try Elements(
          reader.record.dtype,
          reader.bytes(of: piece, scratch: UnsafeMutableRawBufferPointer(rebasing: own)))
      }
      body(all, first)
    }
  }
}

extension TensorPair {
  /// Whether both checkpoints have a parameter of this name, and no rows were left out.
  fileprivate func isWhole(in first: ParameterList, _ second: ParameterList) -> Bool {
    guard let mine = first[name.canonical], let theirs = second[name.canonical] else {
      return false
    }
    return base.shape == mine.record.shape
      && other.shape.elementCount == theirs.record.shape.elementCount
  }
}
