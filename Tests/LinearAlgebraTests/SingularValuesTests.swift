import Testing

@testable import LinearAlgebra

/// A matrix in memory, of given singular values if need be.
struct MatrixInMemory: TallMatrix {
  let rowCount: Int
  let columnCount: Int
  var elements: [Double]

  /// Draws standard normal elements.
  init(_ rows: Int, _ columns: Int, stream: UInt64) {
    var random = RandomStream(seed: 5, stream: stream)
    (rowCount, columnCount) = (rows, columns)
    elements = (0..<rows * columns).map { _ in random.normal() }
  }

  /// H D G with random Householder reflections H and G, which has the magnitudes of D's diagonal
  /// as its singular values.
  init(_ rows: Int, singularValues: [Double]) {
    self.init(rows, singularValues.count, stream: 0)
    for index in elements.indices { elements[index] = 0 }
    for (index, value) in singularValues.enumerated() {
      elements[index * columnCount + index] = value
    }
    let (left, right) = (
      MatrixInMemory.axis(rowCount, stream: 1), MatrixInMemory.axis(columnCount, stream: 2)
    )
    for column in 0..<columnCount {
      reflect(left, stride: columnCount, from: column)
    }
    for row in 0..<rowCount { reflect(right, stride: 1, from: row * columnCount) }
  }

  private static func axis(_ count: Int, stream: UInt64) -> [Double] {
    let axis = MatrixInMemory(count, 1, stream: stream).elements
    let norm = axis.reduce(0) { $0 + $1 * $1 }.squareRoot()
    return axis.map { $0 / norm }
  }

  private mutating func reflect(_ axis: [Double], stride: Int, from first: Int) {
    let projection = axis.indices.reduce(0) { $0 + axis[$1] * elements[first + $1 * stride] }
    for index in axis.indices { elements[first + index * stride] -= 2 * projection * axis[index] }
  }

  func read(_ rows: Range<Int>, into panel: UnsafeMutablePointer<Double>) {
    let first = rows.lowerBound * columnCount
    for index in 0..<rows.count * columnCount { panel[index] = elements[first + index] }
  }
}

@Suite struct SingularValuesTests {
  /// The worst relative error of values above a share of the largest.
  private static func error(_ found: [Double], _ expected: [Double], above share: Double) -> Double
  {
    zip(found, expected).filter { $0.1 > share * expected[0] }
      .map { abs($0.0 - $0.1) / $0.1 }.max() ?? 0
  }

  @Test(
    "Given singular values are found again, by the Gram matrix and by the triangular factor",
    arguments: [(40, 40), (41, 40), (90, 40), (3000, 40), (2, 1), (1, 1)], [0.5, 1e-5])
  func recovery(shape: (Int, Int), least: Double) throws {
    let (rows, columns) = shape
    let expected = (0..<columns).map { 1 - (1 - least) * Double($0) / Double(max(columns - 1, 1)) }
    let found = try SingularValues.all(of: MatrixInMemory(rows, singularValues: expected))
    #expect(found.count == columns)
    // Two reflections round each element by some 2^-50 of the largest singular value.
    #expect(SingularValuesTests.error(found, expected, above: 0) < 1e-10)
  }

  @Test("Values down to a millionth of the largest keep ten digits")
  func smallValues() throws {
    let expected = (0...18).map { Double(sign: .plus, exponent: -$0, significand: 1) }
    let found = try SingularValues.all(of: MatrixInMemory(400, singularValues: expected))
    #expect(SingularValuesTests.error(found, expected, above: 1e-6) < 1e-10)
  }

  @Test("Both ways agree where both are accurate")
  func twoWays() throws {
    let matrix = MatrixInMemory(700, 30, stream: 3)
    var factor = TriangularFactor(size: 30, panelLength: 100)
    for first in stride(from: 0, to: 700, by: 100) {
      var panel = Array(matrix.elements[first * 30..<(first + 100) * 30])
      factor.absorb(&panel, rows: 100)
    }
    let found = try SingularValues.all(of: matrix)
    // σ_n / σ_1 is about 0.65; some 30 roundings of 2^-53 of the largest eigenvalue.
    #expect(SingularValuesTests.error(found, factor.singularValues(), above: 0) < 1e-13)
  }

  @Test("A matrix of rank r has r values and then zeros to rounding")
  func lowRank() throws {
    let expected = [3.0, 2, 1] + Array(repeating: 0.0, count: 37)
    let found = try SingularValues.all(of: MatrixInMemory(500, singularValues: expected))
    #expect(found[2] > 0.99)
    #expect(found.dropFirst(3).allSatisfy { $0 >= 0 && $0 < 1e-14 })
  }

  @Test("Zeros, and matrices without elements")
  func edges() throws {
    #expect(try SingularValues.all(of: MatrixInMemory(0, 0, stream: 1)) == [])
    #expect(try SingularValues.all(of: MatrixInMemory(5, 0, stream: 1)) == [])
    let zeros = MatrixInMemory(50, singularValues: [0, 0, 0])
    #expect(try SingularValues.all(of: zeros) == [0, 0, 0])
  }

  @Test("What is taken at most grows with the shorter side alone")
  func memory() {
    let short = SingularValues.byteCount(rows: 4000, columns: 512)
    #expect(SingularValues.byteCount(rows: 400_000, columns: 512) == short)
    #expect(short < 8 * (512 * 512 + (1 << 20) + 160 * 512) + 1)
  }
}
