import Tensors

/// The order of the bytes of one element.
public enum ByteOrder: String, Hashable, Sendable {
  case little, big
}

/// Where one named tensor lies in a file, and how to read it.
///
/// A record exists only if every element it can address lies within its file, so no reader
/// after this point checks sizes again.
public struct TensorRecord: Sendable {
  /// The parameter's name in its state dict, such as `h.0.attn.c_attn.weight`.
  public let name: TensorName
  /// The encoding of each element.
  public let dtype: DType
  /// The extents, outermost first; `[]` is a scalar.
  public let shape: Shape
  /// Elements to step over for one step along each extent; a view may be strided.
  public var strides: [Int] { viewStrides ?? shape.rowMajorStrides }
  /// Byte offset of the first element from the start of the file; of elements that the file holds
  /// in another form, of the bytes they are made from.
  public let offset: Int
  /// The order of the bytes of one element.
  public let byteOrder: ByteOrder
  /// The file that holds the bytes.
  public let file: InputFile
  /// The strides of a view, or `nil` if they are those of the shape, which takes no memory.
  private let viewStrides: [Int]?
  /// How the rows of a matrix follow each other in the file, if not one after the other.
  private var rowOrder: RowOrder?
  /// What makes the elements, if the file holds them in another form.
  let encoded: (any EncodedElements)?

  /// Creates the record of a contiguous, little-endian tensor.
  ///
  /// - Throws: ``CheckpointError`` if `bytes` does not hold `shape` elements of `dtype`, or
  ///   does not lie within the file.
  public init(
    name: TensorName, dtype: DType, shape: Shape, bytes: Range<Int>, file: InputFile
  ) throws {
    guard shape.byteCount(of: dtype) == bytes.count else {
      throw CheckpointError(
        .malformed, in: file.path, tensor: name,
        "\(bytes.count) bytes cannot hold shape \(shape) of \(dtype.rawValue), "
          + "which takes \(shape.byteCount(of: dtype))")
    }
    try self.init(
      name: name, dtype: dtype, shape: shape, viewStrides: nil, storage: bytes, firstElement: 0,
      byteOrder: .little, file: file)
  }

  /// Creates the record of a view of a storage, as PyTorch has them.
  ///
  /// - Parameters:
  ///   - name: its name in the state dict.
  ///   - dtype: the encoding of each element.
  ///   - shape: the view's extents.
  ///   - strides: in elements, one for each extent, none negative.
  ///   - storage: the bytes of the storage within the file.
  ///   - firstElement: where in the storage the view begins, in elements.
  ///   - byteOrder: the order of the bytes of one element.
  ///   - file: the file that holds the storage.
  /// - Throws: ``CheckpointError`` if the view reaches outside the storage, or the storage
  ///   outside the file.
  public init(
    name: TensorName, dtype: DType, shape: Shape, strides: [Int], storage: Range<Int>,
    firstElement: Int, byteOrder: ByteOrder, file: InputFile
  ) throws {
    try self.init(
      name: name, dtype: dtype, shape: shape, viewStrides: strides, storage: storage,
      firstElement: firstElement, byteOrder: byteOrder, file: file)
  }

  /// Creates the record of a tensor that the file holds in another form.
  ///
  /// - Parameters:
  ///   - name: its name in the state dict.
  ///   - dtype: the encoding of each element once it is made.
  ///   - shape: its extents.
  ///   - strides: in elements, one for each extent; `nil` for row-major ones.
  ///   - encoded: what makes the elements.
  ///   - bytes: the bytes they are made from.
  ///   - byteOrder: the order of the bytes of one element once it is made.
  ///   - file: the file that holds the bytes.
  /// - Throws: ``CheckpointError`` if the elements are fewer than the shape has.
  init(
    name: TensorName, dtype: DType, shape: Shape, strides: [Int]?, encoded: any EncodedElements,
    bytes: Range<Int>, byteOrder: ByteOrder, file: InputFile
  ) throws {
    try self.init(
      name: name, dtype: dtype, shape: shape, viewStrides: strides, storage: bytes,
      firstElement: 0, byteOrder: byteOrder, file: file, encoded: encoded)
  }

  /// Creates the record of a tensor whose elements are made from another's.
  ///
  /// - Parameters:
  ///   - other: the tensor that has the name, the type, the shape and a place in a file.
  ///   - encoded: what makes the elements, row-major.
  /// - Throws: ``CheckpointError`` if the elements are fewer than the shape has.
  init(_ other: TensorRecord, encoded: any EncodedElements) throws {
    try self.init(
      name: other.name, dtype: other.dtype, shape: other.shape, strides: nil, encoded: encoded,
      bytes: other.offset..<other.offset, byteOrder: .little, file: other.file)
  }

  private init(
    name: TensorName, dtype: DType, shape: Shape, viewStrides: [Int]?, storage: Range<Int>,
    firstElement: Int, byteOrder: ByteOrder, file: InputFile,
    encoded: (any EncodedElements)? = nil
  ) throws {
    guard storage.lowerBound >= 0, storage.upperBound <= file.byteCount else {
      throw CheckpointError(
        .malformed, in: file.path, tensor: name,
        "bytes \(storage) lie outside the file of \(file.byteCount) bytes")
    }
    let available = (encoded?.byteCount ?? storage.count) / dtype.byteCount
    guard
      let reach = TensorRecord.reach(of: shape, viewStrides: viewStrides, from: firstElement),
      reach <= available
    else {
      throw CheckpointError(
        .malformed, in: file.path, tensor: name,
        "a view of shape \(shape), strides "
          + "\(Shape.list(viewStrides ?? shape.rowMajorStrides)), from element \(firstElement) "
          + "reaches outside its storage of \(available) elements")
    }
    (self.name, self.dtype, self.shape, self.viewStrides) = (name, dtype, shape, viewStrides)
    (self.byteOrder, self.file, self.encoded) = (byteOrder, file, encoded)
    offset = storage.lowerBound + firstElement * dtype.byteCount
  }

  private init(_ other: TensorRecord, name: TensorName, shape: Shape, viewStrides: [Int]?) {
    (self.name, self.shape, self.viewStrides) = (name, shape, viewStrides)
    (dtype, offset, byteOrder, file) = (other.dtype, other.offset, other.byteOrder, other.file)
    (rowOrder, encoded) = (other.rowOrder, other.encoded)
  }

  /// One more than the last element a view touches, or `nil` if that is no valid position.
  private static func reach(of shape: Shape, viewStrides: [Int]?, from first: Int) -> Int? {
    if viewStrides == nil, shape.elementCount > 0, first == 0 { return shape.elementCount }
    let strides = viewStrides ?? shape.rowMajorStrides
    guard strides.count == shape.rank, first >= 0, strides.allSatisfy({ $0 >= 0 }) else {
      return nil
    }
    guard shape.elementCount > 0 else { return first }
    var last = first
    for (extent, stride) in zip(shape.dimensions, strides) {
      let (span, overflow) = (extent - 1).multipliedReportingOverflow(by: stride)
      let (sum, carry) = last.addingReportingOverflow(span)
      guard !overflow, !carry else { return nil }
      last = sum
    }
    return last == Int.max ? nil : last + 1
  }

  /// Bytes of elements that the file can hold, or that are made from it. A view that repeats its
  /// bytes may claim more.
  public var availableByteCount: Int { encoded?.byteCount ?? file.byteCount }

  /// The same tensor under another name.
  public func renamed(_ name: TensorName) -> TensorRecord {
    TensorRecord(self, name: name, shape: shape, viewStrides: viewStrides)
  }

  /// The same elements with the order of the extents reversed.
  public var transposed: TensorRecord {
    var record = TensorRecord(
      self, name: name, shape: shape.transposed, viewStrides: strides.reversed())
    record.rowOrder?.isOfColumns.toggle()
    return record
  }

  /// The same elements with the extents in another order.
  ///
  /// - Precondition: `axes` has each of the extents' positions once, and rows have no order of
  ///   their own.
  func permuted(_ axes: [Int]) -> TensorRecord {
    precondition(axes.sorted() == Array(0..<shape.rank) && rowOrder == nil)
    let dimensions = axes.map { shape.dimensions[$0] }
    guard let shape = Shape(dimensions) else { preconditionFailure("the same elements") }
    return TensorRecord(self, name: name, shape: shape, viewStrides: axes.map { strides[$0] })
  }

  /// The same elements without the outermost of two extents, if that is 1.
  var withoutLeadingOne: TensorRecord {
    guard shape.rank == 2, shape.dimensions[0] == 1, let row = Shape([shape.dimensions[1]]) else {
      return self
    }
    return TensorRecord(self, name: name, shape: row, viewStrides: [strides[1]])
  }

  /// The first `rows` slices along the outermost extent.
  ///
  /// - Precondition: the rank is at least 1 and `rows` lies in `0...shape.dimensions[0]`.
  public func prefix(rows: Int) -> TensorRecord {
    TensorRecord(self, name: name, shape: shape.prefix(rows: rows), viewStrides: viewStrides)
  }

  /// Whether the elements follow each other in the file in row-major order.
  public var isContiguous: Bool {
    rowOrder == nil
      && (viewStrides == nil || shape.elementCount <= 1
        || zip(zip(shape.dimensions, strides), shape.rowMajorStrides)
          .allSatisfy { $0.0 == 1 || $0.1 == $1 })
  }

  /// Whether two records are the same elements of the same bytes, as tied weights are.
  public func isAlias(of other: TensorRecord) -> Bool {
    file === other.file && offset == other.offset && shape == other.shape
      && strides == other.strides && rowOrder == other.rowOrder && dtype == other.dtype
      && encoded === other.encoded
      && shape.elementCount > 0
  }
}

// MARK: Orders of rows

/// Rows that lie in the file in another order: within each group, rows that are `count / 2` apart
/// are neighbours.
struct RowOrder: Hashable, Sendable {
  /// Rows of one group, an even number.
  let groupLength: Int
  /// Whether it is the columns, after a transposition.
  var isOfColumns = false

  /// Where in the file the row is that stands at a position.
  func stored(_ position: Int) -> Int {
    let (half, place) = (groupLength / 2, position % groupLength)
    return position - place + place % half * 2 + place / half
  }
}

extension TensorRecord {
  /// The same matrix with its rows in an order that is not the file's.
  ///
  /// - Precondition: it is a matrix whose rows are groups of that length.
  func reorderingRows(_ order: RowOrder) -> TensorRecord {
    precondition(
      shape.rank > 0 && order.groupLength > 1 && order.groupLength.isMultiple(of: 2)
        && shape.dimensions[0].isMultiple(of: order.groupLength))
    var record = self
    record.rowOrder = order
    return record
  }

  /// The element of the storage, counted from the first, that is at a position of the view.
  func storageElement(at index: [Int]) -> Int {
    var index = index
    if let rowOrder {
      let axis = rowOrder.isOfColumns ? index.count - 1 : 0
      index[axis] = rowOrder.stored(index[axis])
    }
    return zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// How many elements from one on follow each other at equal steps in the view and the storage.
  func runLength(from element: Int) -> Int {
    guard rowOrder?.isOfColumns != true else { return 1 }
    let rowLength = shape.dimensions.last ?? 1
    // A vector's rows are its elements.
    return rowOrder != nil && shape.rank == 1 ? 1 : rowLength - element % rowLength
  }
}
