import Testing

@testable import Geometry

@Suite struct MatrixSpectrumTests {
  private func spectrum(
    _ values: [Double], extents: (rows: Int, columns: Int)? = nil,
    method: MatrixSpectrum.Method = .complete, roundingError: Double = 0
  ) -> MatrixSpectrum {
    MatrixSpectrum(
      extents: extents ?? (values.count, values.count), values: values, method: method,
      frobeniusNorm: values.reduce(0) { $0 + $1 * $1 }.squareRoot(),
      roundingError: roundingError)
  }

  @Test("Equal values have full ranks, one value has rank one", arguments: [1, 2, 5, 64])
  func extremes(count: Int) {
    let flat = spectrum(Array(repeating: 3, count: count))
    // Sums of at most 64 terms, each rounded to 2^-53.
    #expect(abs(flat.stableRank - Double(count)) < 1e-13 * Double(count))
    #expect(abs(flat.effectiveRank - Double(count)) < 1e-13 * Double(count))
    let single = spectrum([3] + Array(repeating: 0, count: count - 1))
    #expect(single.stableRank == 1)
    #expect(single.effectiveRank == 1)
    #expect(single.energy(rank: 1) == 1)
  }

  @Test("Figures of 4, 3, 0 are those worked out by hand")
  func byHand() {
    let found = spectrum([4, 3, 0])
    #expect(found.spectralNorm == 4)
    #expect(found.frobeniusNorm == 5)
    #expect(found.stableRank == 25.0 / 16)
    // (7/4)^(4/7) (7/3)^(3/7) = 1.9796...
    #expect(abs(found.effectiveRank - 1.979_626) < 1e-6)
    #expect(abs(found.energy(rank: 1) - 0.64) < 1e-15)
    #expect(found.energy(rank: 0) == 0)
    #expect(found.energy(rank: 7) == 1)
    #expect(found.numericalRank == 2)
  }

  @Test("The floor is a quarter above the largest singular value of rounding errors")
  func floor() {
    let found = spectrum([1, 0], extents: (4, 9), roundingError: 0.1)
    #expect(abs(found.roundingFloor - 1.25 * 0.1 * 5) < 1e-15)
  }

  @Test("A low rank has a clear gap, nothing above the floor beyond it, and is low")
  func lowRank() {
    // Floor: 1.25 · 0.1 · 8 = 1.
    func rank(_ values: [Double]) -> Int? {
      let padded = values + Array(repeating: 0.5, count: 16 - values.count)
      return spectrum(padded, extents: (16, 16), roundingError: 0.1).lowRank
    }
    #expect(rank([9]) == 1)
    #expect(rank([9, 8, 7, 6]) == 4)
    #expect(rank([9, 8, 7, 6, 5]) == nil)  // more than a quarter
    #expect(rank([9, 1.1, 0.9]) == nil)  // no gap
    #expect(rank([0.9, 0.8]) == nil)  // nothing above the floor
  }

  @Test("Of leading values, what needs the others is not told")
  func leading() {
    let found = spectrum([4, 3], extents: (9, 9), method: .leading, roundingError: 0)
    #expect(found.effectiveRank.isNaN)
    #expect(found.numericalRank == nil)
    #expect(found.lowRank == nil)
    #expect(found.energy(rank: 3).isNaN)
    #expect(found.energy(rank: 9) == 1)
  }

  @Test("A zero matrix has ranks of 0; one that is not finite tells nothing")
  func edges() {
    let zero = spectrum([0, 0])
    #expect(zero.stableRank == 0 && zero.effectiveRank == 0 && zero.numericalRank == 0)
    #expect(zero.lowRank == nil && zero.energy(rank: 1).isNaN)
    #expect(spectrum([]).spectralNorm == 0)
    let spoiled = spectrum([], extents: (3, 3), method: .notFinite)
    #expect(spoiled.spectralNorm.isNaN && spoiled.effectiveRank.isNaN)
    #expect(spoiled.stableRank.isNaN && spoiled.numericalRank == nil)
  }
}
