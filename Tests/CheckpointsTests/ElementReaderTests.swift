import Checkpoints
import Tensors
import TestSupport
import Testing

@Suite struct ElementReaderTests {
  private let folder: TemporaryFolder
  private let path: String

  /// A file of 48 bytes that count from 0.
  init() throws {
    folder = try TemporaryFolder()
    path = try folder.write(Array(0..<48), to: "bytes")
  }

  private func view(
    _ dtype: DType, _ dimensions: [Int], strides: [Int], first: Int = 0,
    order: ByteOrder = .little, mode: InputMode = .mapped
  ) throws -> TensorRecord {
    let shape = try #require(Shape(dimensions))
    return try TensorRecord(
      name: "t", dtype: dtype, shape: shape, strides: strides, storage: 0..<48,
      firstElement: first, byteOrder: order, file: InputFile(path, mode: mode))
  }

  @Test("Views give their elements in row-major order", arguments: InputMode.allCases)
  func views(mode: InputMode) throws {
    let bytes = { (dimensions: [Int], strides: [Int], first: Int) in
      try elementBytes(
        view(.uint8, dimensions, strides: strides, first: first, mode: mode), block: 4)
    }
    #expect(try bytes([2, 3], [3, 1], 0) == [0, 1, 2, 3, 4, 5])
    #expect(try bytes([3, 2], [1, 3], 0) == [0, 3, 1, 4, 2, 5])
    #expect(try bytes([3], [5], 7) == [7, 12, 17])
    #expect(try bytes([2, 2], [0, 1], 4) == [4, 5, 4, 5])
    #expect(try bytes([2, 1, 2], [10, 99, 0], 0) == [0, 0, 10, 10])
    #expect(try bytes([], [], 9) == [9])
    #expect(try bytes([3, 0], [1, 1], 48) == [])
  }

  @Test("Elements of each width move as wholes", arguments: [DType.uint16, .uint32, .uint64])
  func widths(dtype: DType) throws {
    let record = try view(dtype, [2, 2], strides: [1, 2], first: 1)
    let expected = [1, 3, 2, 4].flatMap { element in
      (0..<dtype.byteCount).map { UInt8(element * dtype.byteCount + $0) }
    }
    #expect(try elementBytes(record) == expected)
  }

  @Test("Big-endian elements are reversed, each by itself", arguments: InputMode.allCases)
  func bigEndian(mode: InputMode) throws {
    let plain = try view(.float32, [2], strides: [1], order: .big, mode: mode)
    #expect(try elementBytes(plain) == [3, 2, 1, 0, 7, 6, 5, 4])
    let strided = try view(.uint16, [2], strides: [3], order: .big, mode: mode)
    #expect(try elementBytes(strided) == [1, 0, 7, 6])
    let single = try view(.uint8, [2], strides: [1], order: .big, mode: mode)
    #expect(try elementBytes(single) == [0, 1])
  }

  @Test("Elements are read as binary32 from wherever they lie", arguments: InputMode.allCases)
  func floats(mode: InputMode) throws {
    func floats(_ record: TensorRecord, _ range: Range<Int>) throws -> [Float] {
      var values = [Float](repeating: -1, count: range.count)
      try values.withUnsafeMutableBufferPointer { target in
        try ElementReader(record).readFloats(range, into: target)
      }
      return values
    }
    let strided = try view(.uint8, [3, 2], strides: [1, 3], mode: mode)
    #expect(try floats(strided, 1..<5) == [3, 1, 4, 2])
    let swapped = try view(.uint16, [4], strides: [1], order: .big, mode: mode)
    #expect(try floats(swapped, 2..<4) == [0x0405, 0x0607])
    #expect(try floats(strided, 3..<3) == [])
  }

  @Test("Blocks of any size give the same bytes", arguments: 1...13)
  func blocks(size: Int) throws {
    for strides in [[6, 3, 1], [1, 2, 4], [0, 1, 3]] {
      let record = try view(.uint16, [2, 2, 3], strides: strides)
      #expect(try elementBytes(record, block: size) == elementBytes(record, block: 12))
    }
  }

  @Test("Mapped and read files give the same bytes")
  func modes() throws {
    for (dimensions, strides) in [([4, 3], [3, 1]), ([3, 4], [1, 3]), ([12], [2])] {
      let records = try InputMode.allCases.map {
        try view(.uint16, dimensions, strides: strides, mode: $0)
      }
      #expect(try elementBytes(records[0], block: 5) == elementBytes(records[1], block: 5))
    }
  }

  @Test("The transposed record gives the transposed matrix")
  func transposed() throws {
    let record = try view(.uint8, [2, 3], strides: [3, 1]).transposed
    #expect(record.shape.dimensions == [3, 2])
    #expect(try elementBytes(record) == [0, 3, 1, 4, 2, 5])
  }

  @Test(
    "Views outside their storage do not come to exist",
    arguments: [
      ([49], [1], 0), ([2], [48], 0), ([2, 2], [.max, .max], 0), ([1], [1], 48), ([0], [1], 49),
      ([1], [1], -1), ([2], [-1], 1), ([2], [1, 1], 0), ([1], [1], .max), ([3], [1 << 62], 1),
    ] as [([Int], [Int], Int)])
  func outside(dimensions: [Int], strides: [Int], first: Int) {
    let error = #expect(throws: CheckpointError.self) {
      try view(.uint8, dimensions, strides: strides, first: first)
    }
    #expect(error?.reason == .malformed)
  }
}
