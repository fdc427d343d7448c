import Checkpoints
import Tensors
import TestSupport
import Testing

@testable import Geometry

@Suite struct PairWalkTests {
  private let folder: TemporaryFolder
  private let base: [StoredTensor]
  private let others: [[StoredTensor]]

  /// A base and two others: several chunks, odd lengths, all types with kernels, a mixed pair,
  /// a transposed matrix and a padded embedding.
  init() throws {
    func random(
      _ name: String, _ shape: [Int], _ dtype: DType = .float32, seed: UInt64
    ) -> StoredTensor {
      let (bytes, _) = Material.ordinary.pair(dtype, count: shape.reduce(1, *), seed: seed)
      return StoredTensor(name, dtype, shape, bytes: bytes)
    }
    func model(_ seed: UInt64, width: [Int], rows: Int, mixed: DType) -> [StoredTensor] {
      [
        random("wte.weight", [rows, 8], seed: seed),
        random("large", [600_011], seed: seed + 1),
        random("h.0.c_fc.weight", width, .float16, seed: seed + 2),
        random("mixed", [4097], mixed, seed: seed + 3),
        random("double", [5, 1, 1001], .float64, seed: seed + 4),
        random("scalar", [], .bfloat16, seed: seed + 5),
        StoredTensor("none", [0, 3], []),
      ]
    }
    folder = try TemporaryFolder()
    base = model(1, width: [65, 130], rows: 1200, mixed: .float32)
    others = [
      model(100, width: [130, 65], rows: 1300, mixed: .bfloat16),
      model(200, width: [65, 130], rows: 1100, mixed: .float32),
    ]
  }

  private func pairings(_ mode: InputMode = .mapped, of others: [Int] = [0, 1]) throws
    -> [CheckpointPairing]
  {
    var options = CheckpointPairing.Options()
    options.matchesTransposed = true
    let list = try ParameterList(folder.checkpoint("base.safetensors", base, mode: mode))
    return try others.map { number in
      let other = try folder.checkpoint(
        "\(number).safetensors", self.others[number], mode: mode)
      return CheckpointPairing(base: list, other: try ParameterList(other), options: options)
    }
  }

  private func figures(
    _ pairings: [CheckpointPairing], threads: Int = 1, scratch: Int = 1 << 30
  ) throws -> [[[UInt64]]] {
    try PairWalk(pairings).differences(
      using: WalkResources(threads: threads, scratchByteCount: scratch)
    ).map { $0.map(\.figures) }
  }

  @Test("A walk finds what a plain loop over the chunks finds")
  func oracle() throws {
    let (a, b) = (base[1].bytes, others[0][1].bytes)
    let expected = withElements(.float32, a, b) { a, b in
      var whole = TensorDifference()
      for first in stride(from: 0, to: a.count, by: ChunkedReduction.chunkLength) {
        let chunk = first..<min(first + ChunkedReduction.chunkLength, a.count)
        var part = TensorDifference.plainly(a[chunk], b[chunk])
        part.largestIndex = part.largestIndex.map { $0 + first }
        whole.merge(part)
      }
      return whole
    }
    #expect(try figures(pairings())[0][1] == expected.figures)
  }

  @Test("A transposed tensor is compared element by element")
  func transposed() throws {
    let (rows, columns) = (65, 130)
    let stored = others[0][2].bytes
    let straight = (0..<rows * columns).flatMap { element -> ArraySlice<UInt8> in
      let place = element % columns * rows + element / columns
      return stored[(2 * place)..<(2 * place + 2)]
    }
    let expected = withElements(.float16, base[2].bytes, straight) {
      TensorDifference.measured($0, $1)
    }
    #expect(try figures(pairings())[0][2] == expected.figures)
  }

  @Test("Of a padded embedding the common rows are compared")
  func padded() throws {
    let counts = try figures(pairings()).map { $0[0][6] }
    #expect(counts == [1200 * 8, 1100 * 8])
  }

  @Test(
    "The bits depend neither on threads nor on memory nor on how files are read",
    arguments: InputMode.allCases, [1, 2, 3, 8])
  func sameBits(mode: InputMode, threads: Int) throws {
    let expected = try figures(pairings())
    let pairings = try pairings(mode)
    for scratch in [0, 300_000, 1 << 30] {
      #expect(try figures(pairings, threads: threads, scratch: scratch) == expected)
    }
  }

  @Test("Several others in one pass give what each alone gives")
  func onePass() throws {
    let together = try figures(pairings(), threads: 2)
    #expect(try together[0] == figures(pairings(of: [0]))[0])
    #expect(try together[1] == figures(pairings(of: [1]))[0])
  }

  @Test("The same other may come twice, and the base itself")
  func repeated() throws {
    let twice = try figures(pairings(of: [1, 1]))
    #expect(twice[0] == twice[1])
    let list = try ParameterList(folder.checkpoint("base.safetensors", base))
    let differences = try PairWalk([CheckpointPairing(base: list, other: list)]).differences(
      using: WalkResources(threads: 2, scratchByteCount: 0))
    #expect(differences[0].allSatisfy { $0.squared == 0 && $0.identical == $0.count })
  }

  @Test("Tensors without elements have a difference over none, and no pairing has no differences")
  func empty() throws {
    let differences = try PairWalk(pairings()).differences(
      using: WalkResources(threads: 2, scratchByteCount: 0))
    #expect(differences[0].last == TensorDifference())
    #expect(
      try PairWalk([]).differences(using: .init(threads: 2, scratchByteCount: 0)).isEmpty)
  }
}
