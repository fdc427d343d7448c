import Checkpoints
import Geometry
import LinearAlgebra
import Tensors
import TestSupport
import Testing

@Suite struct SpectralAnalysisTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func list(_ name: String, _ tensors: [StoredTensor]) throws -> ParameterList {
    try ParameterList(folder.checkpoint(name, tensors))
  }

  private static let wide = WalkResources(threads: 2, scratchByteCount: 1 << 28)

  private static func normal(_ count: Int, stream: UInt64, scale: Double = 1) -> [Double] {
    var random = RandomStream(seed: 8, stream: stream)
    return (0..<count).map { _ in scale * random.normal() }
  }

  /// left · right, [rows, columns].
  private static func product(
    _ rows: Int, _ columns: Int, rank: Int, scale: Double
  ) -> [Double] {
    let (left, right) = (normal(rows * rank, stream: 2), normal(rank * columns, stream: 3))
    return (0..<rows * columns).map { index in
      let (row, column) = (index / columns, index % columns)
      return scale
        * (0..<rank).reduce(0) { $0 + left[row * rank + $1] * right[$1 * columns + column] }
    }
  }

  @Test("Diagonal matrices have their diagonals as singular values, whichever side is longer")
  func diagonals() throws {
    let a = try list(
      "a.safetensors",
      [
        StoredTensor("wide", [2, 3], [3, 0, 0, 0, -5, 0]),
        StoredTensor("tall", [3, 2], [0, 0, 7, 0, 0, 2], dtype: .float64),
        StoredTensor("conv", [2, 1, 1, 2], [1, 0, 0, 4], dtype: .int32),
        StoredTensor("bias", [2], [1, 2]), StoredTensor("empty", [0, 4], []),
      ])
    let analysis = SpectralAnalysis(a)
    let spectra = try analysis.run(using: SpectralAnalysisTests.wide)
    #expect(analysis.items.map(\.name.canonical.text) == ["wide", "tall", "conv", "empty"])
    #expect(
      analysis.coverage.map { "\($0.name.text) \($0.status.rawValue) \($0.detail)" } == [
        "wide decomposed ", "tall decomposed ", "conv decomposed taken as 2x2",
        "empty decomposed ", "bias not a matrix 2",
      ])
    #expect(analysis.items.map(\.remark) == ["", "", "taken as 2x2", ""])
    for (spectrum, expected) in zip(spectra, [[5.0, 3], [7, 2], [4, 1], []]) {
      #expect(spectrum.values.count == expected.count)
      // One rounding of an eigenvalue that is a small whole number, and one of its root.
      for (x, y) in zip(spectrum.values, expected) { #expect(abs(x - y) < 1e-14) }
    }
  }

  @Test(
    "A low-rank update merged in any type is found, and one of full rank is not called so",
    arguments: [DType.float32, .bfloat16, .float16], [1, 4, 12])
  func mergedUpdates(dtype: DType, rank: Int) throws {
    let (rows, columns) = (48, 160)
    let weights = SpectralAnalysisTests.normal(rows * columns, stream: 1)
    let update = SpectralAnalysisTests.product(rows, columns, rank: rank, scale: 0.3)
    let noise = SpectralAnalysisTests.normal(rows * columns, stream: 4, scale: 0.3)
    func stored(_ values: [Double]) -> [StoredTensor] {
      [StoredTensor("h.0.w", [rows, columns], values, dtype: dtype)]
    }
    let base = try list("base", stored(weights))
    func lowRank(_ change: [Double], _ name: String) throws -> Int? {
      let other = try list(name, stored(zip(weights, change).map(+)))
      return try SpectralAnalysis(CheckpointPairing(base: base, other: other))
        .run(using: SpectralAnalysisTests.wide)[0].lowRank
    }
    #expect(try lowRank(update, "merged") == rank)
    #expect(try lowRank(noise, "tuned") == nil)
  }

  @Test("The Frobenius norm has the bits that norms give, and the values add up to it")
  func frobenius() throws {
    let elements = SpectralAnalysisTests.normal(60 * 20, stream: 5)
    let a = try list("a", [StoredTensor("w", [60, 20], elements)])
    let b = try list("b", [StoredTensor("w", [60, 20], elements.reversed())])
    let pairing = CheckpointPairing(base: a, other: b)
    let spectrum = try SpectralAnalysis(pairing).run(using: SpectralAnalysisTests.wide)[0]
    let norm = try PairWalk([pairing]).differences(using: SpectralAnalysisTests.wide)[0][0].l2
    #expect(spectrum.frobeniusNorm == norm)
    let sum = spectrum.values.reduce(0) { $0 + $1 * $1 }.squareRoot()
    // The Gram matrix's trace is summed in another order: some 1200 roundings of 2^-53.
    #expect(abs(sum - norm) < 1e-12 * norm)
  }

  @Test(
    "Numbers whose squares overflow or underflow are no harder",
    arguments: [1, 0x1p660, 0x1p1000, 0x1p-500, 0x1p-660, 0x1p-900], [false, true])
  func scale(factor: Double, isDifference: Bool) throws {
    let elements = [3, 0, 0, 0, 4, 0].map { $0 * factor }
    let a = try list("a", [StoredTensor("w", [2, 3], elements, dtype: .float64)])
    let b = try list("b", [StoredTensor("w", [2, 3], elements.map { -$0 }, dtype: .float64)])
    let analysis =
      isDifference ? SpectralAnalysis(CheckpointPairing(base: a, other: b)) : SpectralAnalysis(a)
    let found = try analysis.run(using: SpectralAnalysisTests.wide)[0]
    let times = isDifference ? 2.0 : 1
    for (x, y) in zip(found.values, [4.0, 3]) { #expect(abs(x / factor - times * y) < 1e-13) }
    #expect(found.frobeniusNorm / factor == 5 * times && found.numericalRank == 2)
    #expect(abs(found.stableRank - 25.0 / 16) < 1e-13)
    // Spacings around 3 and 4 are 2^-51 and 2^-50; zeros have next to none. Both tensors round.
    let mean = (0x1p-102 + 0x1p-100) / 12 / 6 * times
    let floor = 1.25 * mean.squareRoot() * (2.0.squareRoot() + 3.0.squareRoot())
    #expect(abs(found.roundingFloor / factor / floor - 1) < 1e-13)
  }

  @Test("A small difference of large numbers has the floor of the large ones")
  func smallDifference() throws {
    let a = try list("a", [StoredTensor("w", [1, 2], [1, 0], dtype: .float64)])
    let b = try list("b", [StoredTensor("w", [1, 2], [1, 1e-300], dtype: .float64)])
    let found = try SpectralAnalysis(CheckpointPairing(base: a, other: b))
      .run(using: SpectralAnalysisTests.wide)[0]
    #expect(found.frobeniusNorm > 0 && found.numericalRank == 0)
    #expect(abs(found.frobeniusNorm / 1e-300 - 1) < 1e-13)
  }

  @Test(
    "A matrix with NaN or infinities has no singular values", arguments: [Double.nan, .infinity])
  func nonfinite(value: Double) throws {
    let a = try list("a", [StoredTensor("w", [2, 2], [1, 2, value, 3])])
    let b = try list("b", [StoredTensor("w", [2, 2], [1, 2, 3, 3])])
    for analysis in [
      SpectralAnalysis(a), SpectralAnalysis(CheckpointPairing(base: a, other: b)),
    ] {
      let spectrum = try analysis.run(using: SpectralAnalysisTests.wide)[0]
      #expect(spectrum.method == .notFinite && spectrum.values.isEmpty)
    }
  }

  @Test("Bits depend neither on threads nor on memory, nor on how files are read")
  func determinism() throws {
    let tensors = (0..<6).map { index in
      StoredTensor(
        "h.\(index).w", [20 + 30 * index, 90],
        SpectralAnalysisTests.normal((20 + 30 * index) * 90, stream: UInt64(index)))
    }
    let mapped = try list("a", tensors)
    let read = try ParameterList(folder.checkpoint("a", tensors, mode: .pread))
    let one = try SpectralAnalysis(mapped).run(
      using: WalkResources(threads: 1, scratchByteCount: 1 << 24))
    let many = try SpectralAnalysis(read).run(
      using: WalkResources(threads: 4, scratchByteCount: 1 << 28))
    #expect(one.map(\.values) == many.map(\.values))
    #expect(one.map(\.roundingFloor) == many.map(\.roundingFloor))
  }

  @Test("What does not fit is refused by name, or its largest values are found")
  func memory() throws {
    let elements = SpectralAnalysisTests.normal(600 * 300, stream: 7)
    let list = try list("a", [StoredTensor("h.0.w", [600, 300], elements)])
    let little = WalkResources(threads: 1, scratchByteCount: 2_000_000)
    let error = #expect(throws: CheckpointError.self) {
      try SpectralAnalysis(list).run(using: little)
    }
    #expect(error?.tensor?.text == "h.0.w")
    #expect(error?.detail.contains("600x300") == true)
    #expect(error?.detail.contains("--leading") == true)
    var options = SpectralAnalysis.Options()
    options.leading = 2
    let found = try SpectralAnalysis(list, options: options).run(using: little)[0]
    let all = try SpectralAnalysis(list, options: options).run(using: SpectralAnalysisTests.wide)[0]
    #expect(found.method == .leading && found.values.count == 2)
    #expect(all.method == .complete && all.values.count == 300)
    #expect(found.spectralNorm <= all.spectralNorm * (1 + 1e-12))
    #expect(all.spectralNorm <= found.spectralNormBound && found.spectralNormBound.isFinite)
    #expect(all.spectralNormBound == all.spectralNorm)
    for (x, y) in zip(found.values, all.values) {
      #expect(x <= y * (1 + 1e-12) && y * y <= x * x + found.remainder * found.remainder)
    }
  }
}
