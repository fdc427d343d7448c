import Testing

@testable import LinearAlgebra

@Suite struct RandomizedSVDTests {
  private func leading(_ matrix: MatrixInMemory, _ count: Int, seed: UInt64 = 0) throws
    -> RandomizedSVD
  {
    try RandomizedSVD(matrix, count: count, random: RandomStream(seed: seed))
  }

  @Test("The largest values of a spectrum that falls are found to ten digits")
  func falling() throws {
    let expected = (0..<60).map { Double(sign: .plus, exponent: -$0 / 2, significand: 1) }
    let found = try leading(MatrixInMemory(900, singularValues: expected), 6)
    #expect(found.values.count == 6)
    // The rest falls off by 2^-5 until the sixteenth direction, and that to the power of 32.
    for (x, y) in zip(found.values, expected) { #expect(abs(x - y) < 1e-10 * y) }
  }

  @Test("True values lie between what is found and the bound, also if the spectrum is flat")
  func bounds() throws {
    let matrix = MatrixInMemory(300, 100, stream: 4)
    let expected = try SingularValues.all(of: matrix)
    let square = matrix.elements.reduce(0) { $0 + $1 * $1 }
    for seed in 0..<5 as Range<UInt64> {
      let found = try leading(matrix, 5, seed: seed)
      let missed = square - found.capturedSquare
      for (x, y) in zip(found.values, expected) {
        #expect(x <= y * (1 + 1e-12))
        #expect(y * y <= x * x + missed)
        // Corollary 10.10 with k = 5, p = 10, q = 8: (1 + 0.75 + 10.3)^(1/17) = 1.16 times σ_6.
        #expect(y - x <= 0.16 * expected[5])
      }
    }
  }

  @Test("All values of a matrix that has fewer than were asked for")
  func all() throws {
    let expected = [4.0, 2, 1]
    let found = try leading(MatrixInMemory(7, singularValues: expected), 50).values
    #expect(found.count == 3)
    for (x, y) in zip(found, expected) { #expect(abs(x - y) < 1e-13) }
  }

  @Test("The same seed gives the same bits, a matrix without elements nothing, and zeros zeros")
  func edges() throws {
    let matrix = MatrixInMemory(200, 50, stream: 6)
    #expect(try leading(matrix, 4, seed: 1).values == leading(matrix, 4, seed: 1).values)
    #expect(try leading(matrix, 4, seed: 1).values != leading(matrix, 4, seed: 2).values)
    #expect(try leading(MatrixInMemory(3, 0, stream: 1), 2).values == [])
    let zeros = MatrixInMemory(50, singularValues: Array(repeating: 0, count: 20))
    #expect(try leading(zeros, 2).values == [0, 0])
  }
}
