import Testing

@testable import LinearAlgebra

@Suite struct RandomStreamTests {
  @Test("Known answers: those of Random123's kat_vectors, which numpy's Philox repeats")
  func knownAnswers() {
    #expect(
      philox(SIMD4(repeating: 0), key: SIMD2(repeating: 0))
        == SIMD4(
          0x1655_4d9e_ca36_314c, 0xdb20_fe9d_672d_0fdc, 0xd7e7_72ce_e186_176b,
          0x7e68_b68a_ec7b_a23b))
    #expect(
      philox(SIMD4(repeating: .max), key: SIMD2(repeating: .max))
        == SIMD4(
          0x87b0_92c3_013f_e90b, 0x438c_3c67_be8d_0224, 0x9cc7_d7c6_9cd7_77b6,
          0xa09c_aebf_594f_0ba0))
    let digitsOfPi = SIMD4<UInt64>(
      0x243f_6a88_85a3_08d3, 0x1319_8a2e_0370_7344, 0xa409_3822_299f_31d0, 0x082e_fa98_ec4e_6c89)
    #expect(
      philox(digitsOfPi, key: SIMD2(0x4528_21e6_38d0_1377, 0xbe54_66cf_34e9_0c6c))
        == SIMD4(
          0xa528_f454_03e6_1d95, 0x38c7_2dbd_566e_9788, 0xa5a1_610e_72fd_18b5,
          0x57bd_43b5_e52b_7fe6))
  }

  /// `numpy.random.Philox(counter=2**256 - 1, key=(7 << 64) | 42).random_raw(6)`, since numpy
  /// counts before it makes a block.
  @Test("A stream is the blocks of its key, one after the other")
  func stream() {
    var random = RandomStream(seed: 42, stream: 7)
    #expect(
      (0..<6).map { _ in random.next() } == [
        0x2fd1_bc0d_2c86_97bb, 0x8ee1_7f67_a549_bba6, 0x1bdc_e1f8_47e7_df47, 0xe123_b6bb_e4e8_9f03,
        0xa640_64f3_4e84_b9a3, 0xe287_959a_866a_08fd,
      ])
  }

  @Test("Other seeds and other streams give other numbers")
  func independence() {
    let keys: [(seed: UInt64, stream: UInt64)] = [(0, 0), (0, 1), (1, 0), (1, 1)]
    let firsts = keys.map { key in
      var random = RandomStream(seed: key.seed, stream: key.stream)
      return random.next()
    }
    #expect(Set(firsts).count == 4)
  }

  @Test("Every order of four is equally likely")
  func permutations() {
    var random = RandomStream(seed: 5)
    var counts: [[Int]: Int] = [:]
    for _ in 0..<24_000 { counts[random.permutation(of: 4), default: 0] += 1 }
    #expect(counts.count == 24)
    // χ² with 23 degrees of freedom exceeds 50 once in a thousand; the seed is fixed.
    let chiSquared = counts.values.reduce(0.0) { $0 + Double(($1 - 1000) * ($1 - 1000)) / 1000 }
    #expect(chiSquared < 50)
    #expect(random.permutation(of: 0) == [])
    #expect(random.permutation(of: 1) == [0])
  }

  @Test("Numbers below a bound are equally likely, also where the bound is no power of two")
  func bounded() {
    var random = RandomStream(seed: 6)
    // 2^64 words make 3 · 2^61 numbers, 8 words 3 numbers: without rejection 3, 3 and 2 of them.
    let bound = 3 << 61
    let last = (0..<30_000).filter { _ in random.next(below: bound) % 3 == 2 }.count
    // A binomial count with standard deviation 82.
    #expect(abs(last - 10_000) < 400)
    #expect((0..<100).allSatisfy { _ in random.next(below: 1) == 0 })
  }

  @Test("Normal numbers have the moments of the normal distribution")
  func normal() {
    var random = RandomStream(seed: 7)
    let values = (0..<100_000).map { _ in random.normal() }
    func moment(_ power: Int) -> Double {
      values.reduce(0) { sum, x in sum + (0..<power).reduce(1) { product, _ in product * x } }
        / Double(values.count)
    }
    // Five standard errors: √(1, 2, 15, 96 / 100,000).
    #expect(abs(moment(1)) < 0.016)
    #expect(abs(moment(2) - 1) < 0.023)
    #expect(abs(moment(3)) < 0.062)
    #expect(abs(moment(4) - 3) < 0.16)
    let neighbours = zip(values, values.dropFirst()).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(neighbours / 100_000) < 0.016)
  }
}
