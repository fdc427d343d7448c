import Tensors
import Testing

@Suite struct ShapeTests {
  @Test("No extents make a scalar of one element")
  func scalar() throws {
    let scalar = try #require(Shape([]))
    #expect(scalar.elementCount == 1)
    #expect(scalar.rank == 0)
    #expect(scalar.transposed == scalar)
    #expect(scalar.rowMajorStrides == [])
    #expect(scalar.index(ofElement: 0) == [])
    #expect(scalar.compact == "scalar")
    #expect(scalar.description == "[]")
  }

  @Test(
    "A zero extent makes a shape without elements", arguments: [[0], [3, 0], [0, 3], [0, 0]])
  func empty(dimensions: [Int]) throws {
    let shape = try #require(Shape(dimensions))
    #expect(shape.elementCount == 0)
    #expect(shape.byteCount(of: .float64) == 0)
    #expect(shape.transposed.dimensions == dimensions.reversed())
    #expect(shape.prefix(rows: 0).elementCount == 0)
  }

  @Test("An extent is not negative", arguments: [[-1], [2, -3], [-2, -2], [0, -1], [Int.min]])
  func negative(dimensions: [Int]) { #expect(Shape(dimensions) == nil) }

  @Test(
    "Elements and their bytes are counted without overflow, or there is no shape",
    arguments: [
      [Int.max], [Int.max, 2], [1 << 32, 1 << 32], [1 << 31, 1 << 32], [Int.max / 8 + 1],
      [3, 1 << 62, 4],
    ])
  func overflow(dimensions: [Int]) { #expect(Shape(dimensions) == nil) }

  @Test("The largest shape is the one whose doubles fill an Int")
  func largest() throws {
    let shape = try #require(Shape([Int.max / 8]))
    #expect(shape.byteCount(of: .float64) == Int.max / 8 * 8)
  }

  @Test("The position of an element is the digits of its number in the base of the extents")
  func index() throws {
    let shape = try #require(Shape([2, 3, 4]))
    #expect(shape.rowMajorStrides == [12, 4, 1])
    #expect(shape.index(ofElement: 0) == [0, 0, 0])
    #expect(shape.index(ofElement: 17) == [1, 1, 1])  // 17 = 1·12 + 1·4 + 1
    #expect(shape.index(ofElement: 23) == [1, 2, 3])
    let offsets = (0..<24).map { element in
      zip(shape.index(ofElement: element), shape.rowMajorStrides).reduce(0) { $0 + $1.0 * $1.1 }
    }
    #expect(offsets == Array(0..<24))
  }

  @Test("The first rows keep the other extents")
  func prefix() throws {
    let shape = try #require(Shape([5, 2, 3]))
    #expect(shape.prefix(rows: 5) == shape)
    #expect(shape.prefix(rows: 2) == Shape([2, 2, 3]))
    #expect(shape.prefix(rows: 2).elementCount == 12)
    #expect(shape.prefix(rows: 0).elementCount == 0)
    #expect(Shape([7])?.prefix(rows: 3) == Shape([3]))
  }

  @Test("Bytes are elements times the width of their type")
  func bytes() throws {
    let shape = try #require(Shape([3, 5]))
    #expect(shape.byteCount(of: .float64) == 120)
    #expect(shape.byteCount(of: .bfloat16) == 30)
    #expect(shape.byteCount(of: .bool) == 15)
  }

  @Test("A shape reads as a list, and in tables as a product")
  func text() throws {
    let shape = try #require(Shape([768, 2304]))
    #expect(shape.description == "[768, 2304]")
    #expect(shape.compact == "768x2304")
    #expect(shape.transposed.compact == "2304x768")
  }
}
