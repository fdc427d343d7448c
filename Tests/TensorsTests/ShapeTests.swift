import Tensors
import Testing

@Suite struct ShapeTests {
  @Test("Shapes whose elements cannot be addressed do not exist")
  func overflow() {
    #expect(Shape([Int.max, 2]) == nil)
    #expect(Shape([Int.max / 4]) == nil)
    #expect(Shape([-1]) == nil)
    #expect(Shape([Int.max, Int.max, 0]) == nil)
  }

  @Test("A scalar has one element, a shape with a zero has none")
  func edges() throws {
    #expect(try #require(Shape([])).elementCount == 1)
    #expect(try #require(Shape([3, 0, 1 << 40])).elementCount == 0)
    #expect(try #require(Shape([0, 1 << 40])).prefix(rows: 0).elementCount == 0)
  }

  @Test("Offsets and indices are each other's inverse")
  func index() throws {
    let shape = try #require(Shape([2, 3, 4]))
    let indices = (0..<24).map { shape.index(ofElement: $0) }
    #expect(indices[0] == [0, 0, 0])
    #expect(indices[23] == [1, 2, 3])
    #expect(indices.map { $0[0] * 12 + $0[1] * 4 + $0[2] } == Array(0..<24))
  }

  @Test("The first rows of a matrix")
  func prefix() throws {
    let matrix = try #require(Shape([5, 7]))
    #expect(matrix.prefix(rows: 3).dimensions == [3, 7])
    #expect(matrix.transposed.dimensions == [7, 5])
    #expect(matrix.compact == "5x7")
  }
}
