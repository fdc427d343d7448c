import Checkpoints
import Tensors
import TestSupport
import Testing

@testable import Geometry

@Suite struct MutualDistancesTests {
  private let folder: TemporaryFolder
  private let tensors: [[StoredTensor]]

  /// Three checkpoints: several chunks, a vector, a matrix stored transposed in the second, one of
  /// another shape and one that is missing in the third.
  init() throws {
    func random(_ name: String, _ shape: [Int], seed: UInt64) -> StoredTensor {
      let (bytes, _) = Material.ordinary.pair(.float32, count: shape.reduce(1, *), seed: seed)
      return StoredTensor(name, .float32, shape, bytes: bytes)
    }
    folder = try TemporaryFolder()
    tensors = (0..<3).map { number in
      let seed = UInt64(number) * 100
      return [
        random("wte.weight", [number == 2 ? 9 : 8, 16], seed: seed),
        random("h.0.mlp.c_fc.weight", number == 1 ? [1024, 600] : [600, 1024], seed: seed + 1),
        random("h.0.ln_1.weight", [16], seed: seed + 2),
        random("cube", [5, 6, 7], seed: seed + 3),
      ] + (number < 2 ? [random("extra", [4, 4], seed: seed + 4)] : [])
    }
  }

  private func lists(_ mode: InputMode = .mapped) throws -> [ParameterList] {
    try tensors.enumerated().map { number, tensors in
      try ParameterList(folder.checkpoint("\(number).safetensors", tensors, mode: mode))
    }
  }

  private func measure(
    _ mode: InputMode = .mapped, threads: Int = 1, scratch: Int = 1 << 30
  ) throws -> MutualDistances {
    try MutualDistances(
      lists(mode), resources: WalkResources(threads: threads, scratchByteCount: scratch))
  }

  @Test("Only matrices that all have with one shape take part")
  func matrices() throws {
    let found = try measure()
    #expect(found.matrices == [TensorName("h.0.mlp.c_fc.weight"), TensorName("cube")])
    #expect(found.elementCount == 600 * 1024 + 5 * 6 * 7)
  }

  @Test("Distances are those of a walk over pairs, in both directions")
  func pairs() throws {
    let (found, lists) = try (measure(), lists())
    var options = CheckpointPairing.Options()
    options.matchesTransposed = true
    for (first, second) in memberPairs(3) {
      let pairing = CheckpointPairing(base: lists[first], other: lists[second], options: options)
      let differences = try PairWalk([pairing]).differences(
        using: WalkResources(threads: 1, scratchByteCount: 1 << 20))[0]
      let expected = zip(pairing.pairs, differences)
        .filter { found.matrices.contains($0.0.name.canonical) }
        .reduce(0.0) { $0 + $1.1.squared }
      // Both sums are exact to 1e-12.
      #expect((found[first, second] - expected).magnitude <= 1e-11 * expected)
      #expect(found[first, second] == found[second, first])
    }
    #expect(found[1, 1] == 0)
  }

  @Test("Kurtosis is averaged over the matrices")
  func kurtosis() throws {
    let list = try lists()[0]
    let all = try statistics(
      of: ["h.0.mlp.c_fc.weight", "cube"].compactMap { list[TensorName($0)]?.record },
      using: WalkResources(threads: 1, scratchByteCount: 1 << 20))
    let expected = (all[0].excessKurtosis + all[1].excessKurtosis) / 2
    #expect(try measure().kurtoses[0] == expected)
  }

  @Test(
    "The bits depend neither on threads nor on memory nor on how files are read",
    arguments: InputMode.allCases, [1, 3])
  func sameBits(mode: InputMode, threads: Int) throws {
    func bits(_ distances: MutualDistances) -> [UInt64] {
      (memberPairs(3).map { distances[$0.0, $0.1] } + distances.kurtoses).map(\.bitPattern)
    }
    let expected = try bits(measure())
    for scratch in [0, 300_000, 1 << 30] {
      #expect(try bits(measure(mode, threads: threads, scratch: scratch)) == expected)
    }
  }
}
