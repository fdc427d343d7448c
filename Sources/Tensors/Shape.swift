/// The extents of a tensor, outermost first; `[]` is a scalar.
///
/// A shape exists only if its element count, and the bytes of that many elements of any
/// ``DType``, fit an `Int`, so no arithmetic on a shape can overflow.
public struct Shape: Hashable, Sendable, CustomStringConvertible {
  /// The extents, none negative.
  public let dimensions: [Int]
  /// The product of the extents; 1 for a scalar.
  public let elementCount: Int

  /// Creates a shape, or `nil` if an extent is negative or the product overflows.
  ///
  /// - Parameter dimensions: the extents, outermost first.
  public init?(_ dimensions: [Int]) {
    var count = 1
    for extent in dimensions {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      guard extent >= 0, !overflow else { return nil }
      count = product
    }
    guard count <= Int.max / Shape.largestElement else { return nil }
    (self.dimensions, elementCount) = (dimensions, count)
  }

  private init(dimensions: [Int], elementCount: Int) {
    (self.dimensions, self.elementCount) = (dimensions, elementCount)
  }

  private static let largestElement = 8

  /// The number of extents; 0 for a scalar.
  public var rank: Int { dimensions.count }

  /// Bytes of a contiguous tensor of this shape.
  public func byteCount(of dtype: DType) -> Int { elementCount * dtype.byteCount }

  /// The extents in reverse.
  public var transposed: Shape {
    Shape(dimensions: dimensions.reversed(), elementCount: elementCount)
  }

  /// The first `rows` slices along the outermost extent.
  ///
  /// - Precondition: the rank is at least 1 and `rows` lies in `0...dimensions[0]`.
  public func prefix(rows: Int) -> Shape {
    precondition(rank >= 1 && rows >= 0 && rows <= dimensions[0])
    let rowLength = dimensions[0] == 0 ? 0 : elementCount / dimensions[0]
    return Shape(dimensions: [rows] + dimensions.dropFirst(), elementCount: rows * rowLength)
  }

  /// Elements to step over for one step along each extent, row-major.
  public var rowMajorStrides: [Int] {
    var strides = dimensions
    var step = 1
    for axis in dimensions.indices.reversed() {
      strides[axis] = step
      step = step &* dimensions[axis]
    }
    return strides
  }

  /// The position along each extent of the element at a row-major offset.
  ///
  /// - Precondition: `offset` lies in `0..<elementCount`.
  public func index(ofElement offset: Int) -> [Int] {
    precondition(offset >= 0 && offset < elementCount)
    return zip(dimensions, rowMajorStrides).map { extent, stride in offset / stride % extent }
  }

  /// `[768, 2304]`, as ``list(_:)`` has it.
  public var description: String { Shape.list(dimensions) }

  /// Integers in brackets, of a long list only the first: a file may claim millions of extents,
  /// and the error that refuses them should be a line to read.
  ///
  /// - Parameter numbers: extents, strides or offsets.
  /// - Returns: `[1, 2]`, or `[1, 1, …]` with 64 numbers before the ellipsis.
  public static func list(_ numbers: [Int]) -> String {
    let shown = numbers.prefix(64).map(String.init) + (numbers.count > 64 ? ["…"] : [])
    return "[" + shown.joined(separator: ", ") + "]"
  }

  /// `768x2304`, or `scalar`: the form of tables and result files.
  public var compact: String {
    dimensions.isEmpty ? "scalar" : dimensions.map(String.init).joined(separator: "x")
  }
}
