import CKernels
import Checkpoints
import Glibc
import Tensors
import TestSupport
import Testing

@testable import Geometry

@Suite struct MixtureTestTests {
  private let folder: TemporaryFolder
  private static let names = (0..<6).map { "h.\($0 / 2).part\($0 % 2).weight" }

  init() throws { folder = try TemporaryFolder() }

  /// Values of a base, or of a model at some distance from it.
  private func values(_ seed: UInt64, near base: UInt64 = 1, _ size: Double = 0.05) -> [[Double]] {
    MixtureTestTests.names.indices.map { tensor in
      var start = SeededGenerator(seed: base * 100 + UInt64(tensor))
      var step = SeededGenerator(seed: seed * 100 + UInt64(tensor))
      return (0..<3000).map { _ in
        Double.random(in: -1...1, using: &start)
          + (seed == base ? 0 : size * Double.random(in: -1...1, using: &step))
      }
    }
  }

  private func checkpoint(_ name: String, _ values: [[Double]], _ dtype: DType) throws
    -> ParameterList
  {
    try ParameterList(
      folder.checkpoint(
        name,
        zip(MixtureTestTests.names, values).map {
          StoredTensor($0, [$1.count / 10, 10], $1, dtype: dtype)
        }))
  }

  /// Rounded to a type as stored.
  private func rounded(_ values: [[Double]], _ dtype: DType) -> [[Double]] {
    values.map {
      $0.map { value in dtype.encoded(value).withUnsafeBytes { dtype.value(in: $0, at: 0) } }
    }
  }

  private func mix(_ models: [[[Double]]], _ coefficients: [Double]) -> [[Double]] {
    models[0].indices.map { tensor in
      models[0][tensor].indices.map { index in
        zip(models, coefficients).reduce(0) { $0 + $1.1 * $1.0[tensor][index] }
      }
    }
  }

  private func solve(
    _ merged: [[Double]], _ inputs: [[[Double]]], _ dtype: DType, origin: Int = 0,
    storedAs stored: DType? = nil, threads: Int = 1
  ) throws -> MixtureFinding {
    let all = [merged] + inputs
    let lists = try all.enumerated().map { number, values in
      try checkpoint("\(number).safetensors", values, number == 0 ? stored ?? dtype : dtype)
    }
    return try MixtureTest(
      CommonTensors(lists), origin: origin,
      resources: WalkResources(threads: threads, scratchByteCount: 1 << 24)
    ).run()
  }

  @Test(
    "A mixture is found with its coefficients, up to what rounding lets be known",
    arguments: [DType.float64, .float32, .float16], [[0.7, 0.3], [1.2, -0.2], [0, 1], [-1, 2]])
  func recipes(dtype: DType, coefficients: [Double]) throws {
    let inputs = [values(2), values(3)].map { rounded($0, dtype) }
    let finding = try solve(mix(inputs, coefficients), inputs, dtype)
    #expect(finding.verdict == .mixture)
    for input in 0..<2 {
      let error = finding.consensus.coefficients[input] - coefficients[input]
      // Five standard errors; in F64 the sums round as well.
      #expect(error.magnitude <= 5 * finding.consensus.errors[input] + 1e-12)
    }
    #expect(finding.parts.allSatisfy { $0.isMixture })
  }

  @Test("Deltas from a base are found whatever their number, also where Σ c is not 1 without it")
  func deltas() throws {
    let models = [values(2), values(3), values(1)].map { rounded($0, .float32) }
    let finding = try solve(mix(models, [0.5, -0.4, 0.9]), models, .float32, origin: 2)
    #expect(finding.verdict == .mixture)
    #expect(
      zip(finding.consensus.coefficients, [0.5, -0.4, 0.9]).allSatisfy {
        ($0 - $1).magnitude < 1e-6
      })
  }

  @Test("A sum of coefficients other than 1 is found without the constraint")
  func free() throws {
    let inputs = [values(2), values(3)].map { rounded($0, .float32) }
    let finding = try solve(mix(inputs, [0.7, 0.7]), inputs, .float32)
    #expect(finding.verdict == .otherSum)
    #expect(finding.answer == finding.free)
    #expect(finding.free.coefficients.allSatisfy { ($0 - 0.7).magnitude < 1e-6 })
    #expect(finding.parts.allSatisfy { $0.freeResidual <= 4 * $0.floor })
  }

  @Test("Foreign tensors are named and do not draw the coefficients away")
  func foreign() throws {
    let inputs = [values(2), values(3)].map { rounded($0, .float32) }
    var merged = mix(inputs, [0.7, 0.3])
    merged[3] = values(9, near: 8)[3]
    let finding = try solve(merged, inputs, .float32)
    #expect(finding.verdict == .partly)
    #expect(finding.differing.map(\.name.canonical.text) == [MixtureTestTests.names[3]])
    #expect((finding.consensus.coefficients[0] - 0.7).magnitude < 1e-6)
  }

  @Test("A tensor of fewer elements than inputs, which always fits, speaks for no coefficients")
  func scalar() throws {
    let inputs = [values(2), values(3)].map { rounded($0, .float32) }
    let all = zip([mix(inputs, [0.7, 0.3])] + inputs, [55, 2, 2.125])
    let lists = try all.enumerated().map { number, model in
      let tensors = zip(MixtureTestTests.names, model.0).map { StoredTensor($0, [$1.count], $1) }
      let scalar = StoredTensor("logit_scale", [], [model.1])
      return try ParameterList(folder.checkpoint("\(number).safetensors", tensors + [scalar]))
    }
    let finding = try MixtureTest(
      CommonTensors(lists), origin: 0,
      resources: WalkResources(threads: 1, scratchByteCount: 1 << 24)
    ).run()
    #expect(finding.verdict == .partly && !finding.hasOwnMixtures)
    #expect(finding.differing.map(\.name.canonical.text) == ["logit_scale"])
    #expect((finding.consensus.coefficients[0] - 0.7).magnitude < 1e-6)
  }

  @Test("A few tensors with coefficients of their own are told from foreign ones")
  func fewOfTheirOwn() throws {
    let inputs = [values(2), values(3)].map { rounded($0, .float32) }
    var merged = mix(inputs, [0.7, 0.3])
    merged[3] = mix(inputs, [0.2, 0.8])[3]
    let finding = try solve(merged, inputs, .float32)
    #expect(finding.verdict == .partly && finding.hasOwnMixtures)
  }

  @Test("Tensors may have coefficients of their own, and layers tell them")
  func byLayer() throws {
    let inputs = [values(2), values(3)].map { rounded($0, .float32) }
    let shares = [0.2, 0.5, 0.8]
    let merged = inputs[0].indices.map { tensor in
      let share = shares[tensor / 2]
      return inputs[0][tensor].indices.map {
        share * inputs[0][tensor][$0] + (1 - share) * inputs[1][tensor][$0]
      }
    }
    let finding = try solve(merged, inputs, .float32)
    #expect(finding.verdict == .mixtureByTensor)
    #expect(
      zip(finding.layers, shares).allSatisfy {
        ($0.fit.coefficients[0] - $1).magnitude < 1e-5 && $0.residual <= 4 * $0.floor
      })
  }

  @Test("A model of another start is no mixture, nor one that was trained further")
  func strangers() throws {
    let inputs = [values(2), values(3)].map { rounded($0, .float32) }
    #expect(try solve(values(9, near: 8), inputs, .float32).verdict == .notMixture)
    #expect(try solve(values(4), inputs, .float32).verdict == .notMixture)
  }

  @Test("Equal inputs leave the coefficients open")
  func equalInputs() throws {
    let input = rounded(values(2), .float32)
    let finding = try solve(input, [input, input], .float32)
    #expect(finding.verdict == .undetermined)
    #expect(finding.consensus.errors.allSatisfy { !($0 <= 1) })
  }

  @Test("Where the first input alone is within rounding, a share of the others is not determined")
  func withinRounding() throws {
    let exact = values(2)
    let inputs = [exact, exact.map { $0.map { $0 * (1 + 0x1p-13) } }]
    let merged = rounded(mix(inputs, [0.4, 0.6]), .float16)
    let finding = try solve(merged, inputs, .float32, storedAs: .float16)
    #expect(finding.verdict == .undetermined)
    #expect(try solve(rounded(exact, .float32), inputs, .float32).verdict == .mixture)
  }

  @Test("Changes that were left out of single elements are seen, though small beside rounding")
  func trimmed() throws {
    let (base, tuned) = (rounded(values(1), .bfloat16), rounded(values(2), .bfloat16))
    // A tenth of the changes, up to two spacings of 2^-8, are taken back: TIES does so.
    let merged = zip(base, tuned).map { base, tuned in
      zip(base, tuned).map { ($1 - $0).magnitude < 0.01 ? $0 : $1 }
    }
    let finding = try solve(merged, [tuned, base], .bfloat16, origin: 1)
    #expect(finding.parts.allSatisfy { $0.consensusResidual < 4 * $0.floor && !$0.agrees })
    #expect(finding.verdict == .near)
  }

  @Test(
    "Changes that are hardly more than rounding leave coefficients open, unless nothing is left")
  func tooNear() throws {
    let base = rounded(values(1), .bfloat16)
    let tuned = rounded(values(2, near: 1, 0.01), .bfloat16)
    let half = rounded(mix([tuned, base], [0.5, 0.5]), .bfloat16)
    #expect(try solve(half, [tuned, base], .bfloat16, origin: 1).isTooNear)
    #expect(try solve(tuned, [tuned, base], .bfloat16, origin: 1).verdict == .mixture)
  }

  @Test("With large coefficients more is rounding, as inputs were rounded too")
  func extrapolated() throws {
    let exact = [values(2), values(3)]
    let inputs = exact.map { rounded($0, .float16) }
    let finding = try solve(
      mix(inputs, [6, -5]), exact, .float32, storedAs: .float16)
    #expect(finding.verdict == .mixture)
    #expect(finding.parts.allSatisfy { $0.residual > 4 * $0.floor })
  }

  @Test(
    "NaN or an infinity in a tensor makes that tensor differ, and no other",
    arguments: [Double.nan, .infinity, -.infinity], [false, true])
  func nonfinite(value: Double, isForeign: Bool) throws {
    let inputs = [values(2), values(3)].map { rounded($0, .float32) }
    var merged = mix(inputs, [0.7, 0.3])
    if isForeign { merged[0] = values(9, near: 8)[0] }
    merged[0][5] = value
    let finding = try solve(merged, inputs, .float32)
    #expect(finding.verdict == .partly && finding.differing.count == 1 && finding.nonfinite == 1)
    #expect(finding.free.coefficients.allSatisfy { $0.isFinite })
    let total = try #require(finding.total)
    #expect(total.consensusResidual <= 4 * total.floor && total.floor.isFinite)
  }

  @Test("With infinities in every tensor nothing is a mixture")
  func infiniteThroughout() throws {
    let inputs = [values(2), values(3)].map { rounded($0, .float32) }
    var merged = mix(inputs, [0.7, 0.3])
    for tensor in merged.indices { merged[tensor][0] = .infinity }
    let finding = try solve(merged, inputs, .float32)
    #expect(finding.verdict == .notMixture && finding.nonfinite == merged.count)
  }

  @Test("Values of the origin that are not finite are counted once")
  func nonfiniteOrigin() throws {
    var inputs = [values(2), values(3)].map { rounded($0, .float32) }
    let merged = mix(inputs, [0.7, 0.3])
    inputs[0][1][7] = .infinity
    let finding = try solve(merged, inputs, .float32)
    #expect(finding.verdict == .partly && finding.nonfinite == 1)
  }

  @Test(
    "A mixture computed in a narrow type and stored in a wide one has the floor of the narrow one")
  func storedWide() throws {
    let inputs = [values(2), values(3)].map { rounded($0, .float16) }
    let merged = rounded(mix(inputs, [0.7, 0.3]), .float16)
    let finding = try solve(merged, inputs, .float16, storedAs: .float32)
    #expect(finding.verdict == .mixture)
    // Nothing else would: the spacing of F32 is 2^13 times finer.
    #expect(finding.parts.allSatisfy { $0.residual > 0.5 * $0.floor })
  }

  @Test("Threads change no bit")
  func threads() throws {
    let inputs = [values(2), values(3)].map { rounded($0, .float32) }
    let merged = mix(inputs, [0.7, 0.3])
    let figures = try [1, 3].map { threads in
      let finding = try solve(merged, inputs, .float32, threads: threads)
      return finding.consensus.coefficients + finding.parts.map(\.residual)
    }
    #expect(figures[0] == figures[1])
  }
}

@Suite struct MixtureTrialTests {
  @Test(
    "The kernels of every instruction set and the plain loop leave the same",
    arguments: [0, 1, 7, 8, 9, 1000, GramMatrix.blockLength], [7, 10, 23, 52])
  func sameBits(count: Int, fractionBits: Int) {
    var generator = SeededGenerator(seed: UInt64(count))
    let fit = MixtureFit(coefficients: [0.7, 0.4, -0.2], errors: [1e-4, 2e-4, 1e-4])
    var values = [Double](repeating: 0, count: 4 * GramMatrix.blockLength)
    for row in 0..<4 {
      for index in 0..<count {
        let size = exp2(Double.random(in: -30...0, using: &generator))
        values[row * GramMatrix.blockLength + index] = row == 1 ? 1 - size : size / 100
      }
    }
    let trial = MixtureTrial(fit, origin: 1, RoundingUnit(fractionBits: fractionBits))
    values.withUnsafeMutableBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      let rows = DifferenceRows(start: start, count: count, origin: 1)
      let expected = trial.leftPlainly(rows)
      for loops in difference_loops.available {
        let found = trial.left(rows, by: loops)
        #expect(found.square == expected.square && found.far == expected.far)
      }
    }
  }
}
