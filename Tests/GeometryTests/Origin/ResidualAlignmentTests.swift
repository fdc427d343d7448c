import LinearAlgebra
import TestSupport
import Testing

@testable import Geometry

@Suite struct ResidualAlignmentTests {
  private let resources = WalkResources(threads: 2, scratchByteCount: 1 << 24)

  private func alignment(
    _ a: Matrix, _ b: Matrix, leavingOut unused: [Range<Int>] = []
  ) throws -> ResidualAlignment? {
    try ResidualAlignment(
      a: unitGroup([a.transposed], kind: .residual, areColumns: true),
      b: unitGroup([b.transposed], kind: .residual, areColumns: true), leavingOut: unused,
      resources: resources)
  }

  private func farthest(_ a: Matrix, _ b: Matrix) -> Float {
    zip(a.elements, b.elements).reduce(0) { max($0, abs($1.0 - $1.1)) }
  }

  @Test("A rotation of embeddings is recovered")
  func rotation() throws {
    let embedding = Matrix.normal(300, 40, seed: 1)
    let rotation = Matrix.randomRotation(40, seed: 2)
    let found = try alignment(embedding, .product(embedding, rotation))
    // Binary32 sums over 300 tokens, of a well-conditioned embedding.
    #expect(try farthest(#require(found).rotation, rotation) < 1e-5)
  }

  @Test("Rows that are left out do not count, nor do those that one model lacks")
  func rows() throws {
    let embedding = Matrix.normal(300, 40, seed: 1)
    let rotation = Matrix.randomRotation(40, seed: 2)
    var rotated = Matrix.product(embedding, rotation)
    for row in [0, 17, 18, 299] {
      for column in 0..<40 { rotated[row, column] = 1000 }
    }
    let found = try alignment(
      embedding, rotated.rows(Array(0..<299)), leavingOut: [17..<19, 0..<1, 400..<500])
    #expect(try farthest(#require(found).rotation, rotation) < 1e-5)
  }

  @Test("Weights whose products overflow have no rotation")
  func overflow() throws {
    let embedding = Matrix.normal(50, 8, seed: 1).scaled(by: 1e25)
    #expect(try alignment(embedding, embedding) == nil)
  }

  @Test("Groups whose vectors are not channels do not fit")
  func fitting() throws {
    let embedding = Matrix.normal(50, 8, seed: 1)
    let found = try #require(try alignment(embedding, embedding))
    #expect(try found.fits(unitGroup([.normal(10, 8, seed: 1), .normal(10, 8, seed: 2)])))
    #expect(try !found.fits(unitGroup([.normal(10, 8, seed: 1), .normal(10, 9, seed: 2)])))
  }

  @Test("Ranges are subtracted, whatever their order and overlap")
  func ranges() {
    let whole = RangeList(0..<10)
    #expect(whole.subtracting([]) == [0..<10])
    #expect(whole.subtracting([5..<7, 2..<3]) == [0..<2, 3..<5, 7..<10])
    #expect(whole.subtracting([0..<3, 2..<5, 9..<20]) == [5..<9])
    #expect(whole.subtracting([0..<10]) == [])
    #expect(whole.subtracting([4..<4, 20..<30]).flatMap { Array($0) } == Array(0..<10))
    #expect(RangeList(0..<0).subtracting([0..<1]) == [])
  }
}
