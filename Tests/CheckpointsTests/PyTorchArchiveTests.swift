import Checkpoints
import Tensors
import TestSupport
import Testing

@Suite struct PyTorchArchiveTests {
  private let files: TorchFixture
  private let matrix = TorchFixture.matrix
  private let row = TorchFixture.row

  init() throws { files = try TorchFixture() }

  // MARK: Tensors

  @Test("A tensor is read where its storage lies")
  func plain() throws {
    let archive = try files.open(PickleBytes.dictionary([("a", matrix), ("b", row)]))
    #expect(archive.records.map(\.name) == ["a", "b"])
    #expect(archive.records.map(\.shape.dimensions) == [[2, 3], [3]])
    #expect(archive.records.map(\.dtype) == [.float32, .float32])
    #expect(try elementBytes(archive.records[0]) == Array(0..<24))
    #expect(try elementBytes(archive.records[1]) == Array(12..<24))
    #expect(archive.notes.isEmpty)
  }

  @Test("A transposed view keeps its strides, and equal views are aliases")
  func views() throws {
    let turned = PickleBytes.tensor(count: 6, shape: [3, 2], strides: [1, 3])
    let records = try files.open(
      PickleBytes.dictionary([("a", turned), ("b", turned), ("c", matrix)])
    ).records
    #expect(records[0].strides == [1, 3])
    let expected = [0, 12, 4, 16, 8, 20].flatMap { first in (first..<first + 4).map(UInt8.init) }
    #expect(try elementBytes(records[0]) == expected)
    #expect(records[0].isAlias(of: records[1]))
    #expect(!records[0].isAlias(of: records[2]))
  }

  @Test(
    "Each storage type has its element type",
    arguments: [
      ("DoubleStorage", .float64), ("FloatStorage", .float32), ("HalfStorage", .float16),
      ("BFloat16Storage", .bfloat16), ("LongStorage", .int64), ("IntStorage", .int32),
      ("ShortStorage", .int16), ("CharStorage", .int8), ("ByteStorage", .uint8),
      ("BoolStorage", .bool), ("UntypedStorage", .uint8),
    ] as [(String, DType)])
  func storageTypes(type: String, dtype: DType) throws {
    let count = 24 / dtype.byteCount
    let tensor = PickleBytes.tensor(type: type, count: count, shape: [count], strides: [1])
    #expect(try files.open(PickleBytes.dictionary([("t", tensor)])).records.map(\.dtype) == [dtype])
  }

  @Test(
    "Newer element types are named beside an untyped storage",
    arguments: [
      ("float8_e4m3fn", .float8E4M3), ("float8_e5m2", .float8E5M2), ("uint16", .uint16),
      ("uint32", .uint32), ("uint64", .uint64), ("bfloat16", .bfloat16), ("bool", .bool),
    ] as [(String, DType)])
  func elementTypes(type: String, dtype: DType) throws {
    let archive = try files.open(
      PickleBytes.dictionary([("t", version3(type, width: dtype.byteCount))]))
    #expect(archive.records.map(\.dtype) == [dtype])
    #expect(try elementBytes(archive.records[0]) == Array(UInt8(dtype.byteCount)..<24))
  }

  private func version3(_ type: String, width: Int) -> [UInt8] {
    PickleBytes.call(
      "torch._utils", "_rebuild_tensor_v3",
      [
        PickleBytes.storage("0", type: "UntypedStorage", count: 24), PickleBytes.integer(1),
        PickleBytes.tuple([PickleBytes.integer(24 / width - 1)]),
        PickleBytes.tuple([PickleBytes.integer(1)]), [0x89], [0x7D],
        PickleBytes.global("torch", type),
      ])
  }

  @Test("Parameters are their tensors, with state or without")
  func parameters() throws {
    let hooks = PickleBytes.call("collections", "OrderedDict", [])
    let wrapped = [
      PickleBytes.call("torch._utils", "_rebuild_parameter", [matrix, [0x88], hooks]),
      PickleBytes.call(
        "torch._utils", "_rebuild_parameter_with_state", [matrix, [0x88], hooks, [0x7D]]),
      PickleBytes.call(
        "torch._tensor", "_rebuild_from_type_v2",
        [
          PickleBytes.global("torch._utils", "_rebuild_tensor"),
          PickleBytes.global("torch", "Tensor"),
          PickleBytes.tuple([
            PickleBytes.storage("0", type: "FloatStorage", count: 6), PickleBytes.integer(0),
            PickleBytes.tuple([PickleBytes.integer(6)]),
            PickleBytes.tuple([PickleBytes.integer(1)]),
          ]), [0x7D],
        ]),
    ]
    for tensor in wrapped {
      let records = try files.open(PickleBytes.dictionary([("p", tensor)])).records
      #expect(try elementBytes(records[0]) == Array(0..<24))
    }
  }

  @Test("Scalars and empty tensors are read")
  func scalarAndEmpty() throws {
    let scalar = PickleBytes.tensor(count: 6, offset: 5, shape: [], strides: [])
    let empty = PickleBytes.tensor("e", count: 0, shape: [0, 4], strides: [4, 1])
    let records = try files.open(
      PickleBytes.dictionary([("s", scalar), ("e", empty)]),
      storages: TorchFixture.storage + [("e", [])]
    ).records
    #expect(try elementBytes(records[0]) == [20, 21, 22, 23])
    #expect(try elementBytes(records[1]) == [])
  }

  @Test("Big-endian archives say so, and any other order is refused")
  func byteOrder() throws {
    let root = PickleBytes.dictionary([("a", row)])
    let big = try files.open(root, others: [.init("byteorder", Array("big".utf8))])
    #expect(big.records[0].byteOrder == .big)
    #expect(try elementBytes(big.records[0]).prefix(4) == [15, 14, 13, 12])
    let little = try files.open(root, others: [.init("byteorder", Array("little".utf8))])
    #expect(little.records[0].byteOrder == .little)
    expectError(.malformed, "byteorder") {
      try files.open(root, others: [.init("byteorder", Array("middle".utf8))])
    }
  }

  @Test(
    "A view outside its storage is refused with its name",
    arguments: [
      (0, [7], [1]), (1, [6], [1]), (0, [3, 3], [3, 1]), (-1, [6], [1]), (0, [4], [1 << 62]),
      (0, [2], [-1]), (0, [2, 3], [3]), (0, [-2, -3], [3, 1]), (0, [1 << 40, 1 << 40], [0, 0]),
      (.max, [1], [1]),
    ] as [(Int, [Int], [Int])])
  func badViews(offset: Int, shape: [Int], strides: [Int]) {
    let tensor = PickleBytes.tensor(count: 6, offset: offset, shape: shape, strides: strides)
    expectError(.malformed, "model.pt: tensor 'h.0.w': ", tensor: "h.0.w") {
      try files.open(PickleBytes.dictionary([("h.0.w", tensor)]))
    }
  }

  @Test("More than 32 extents are refused")
  func rank() {
    let tensor = PickleBytes.tensor(
      count: 6, shape: Array(repeating: 1, count: 33), strides: Array(repeating: 1, count: 33))
    expectError(.malformed, "shape", tensor: "t") {
      try files.open(PickleBytes.dictionary([("t", tensor)]))
    }
  }

  @Test("A storage of another size than announced is refused", arguments: [-1, 0, 5, 7, 600, .max])
  func storageSize(count: Int) {
    let tensor = PickleBytes.tensor(count: count, shape: [], strides: [])
    expectError(.malformed, "storage", tensor: "t") {
      try files.open(PickleBytes.dictionary([("t", tensor)]))
    }
  }

  @Test(
    "A storage that is not there is refused", arguments: ["1", "", "../data.pkl", "/etc/passwd"])
  func missingStorage(key: String) {
    let tensor = PickleBytes.tensor(key, count: 6, shape: [6], strides: [1])
    expectError(.malformed, "is not in the file", tensor: "t") {
      try files.open(PickleBytes.dictionary([("t", tensor)]))
    }
  }

  @Test("Complex, quantized and other element types are refused by name")
  func otherTypes() {
    for type in ["ComplexFloatStorage", "QInt8Storage", "NewStorage"] {
      let tensor = PickleBytes.tensor(type: type, count: 3, shape: [3], strides: [1])
      expectError(.unsupported, "torch.\(type)", tensor: "t") {
        try files.open(PickleBytes.dictionary([("t", tensor)]))
      }
    }
    expectError(.unsupported, "torch.complex32", tensor: "t") {
      try files.open(PickleBytes.dictionary([("t", version3("complex32", width: 4))]))
    }
  }

  @Test(
    "Other kinds of tensors are refused by name",
    arguments: [
      "_rebuild_sparse_tensor", "_rebuild_qtensor", "_rebuild_meta_tensor_no_storage",
      "_rebuild_wrapper_subclass",
    ])
  func otherKinds(function: String) {
    let tensor = PickleBytes.call("torch._utils", function, [])
    expectError(.unsupported, function, tensor: "t") {
      try files.open(PickleBytes.dictionary([("t", tensor)]))
    }
  }

  @Test("Views that mean the negative of their bytes are refused", arguments: ["neg", "conj"])
  func marks(mark: String) throws {
    let marked = { (isSet: UInt8) in
      PickleBytes.dictionary([
        (
          "t",
          PickleBytes.tensor(
            count: 6, shape: [6], strides: [1], marks: PickleBytes.dictionary([(mark, [isSet])]))
        )
      ])
    }
    expectError(.unsupported, mark, tensor: "t") { try files.open(marked(0x88)) }
    #expect(try files.open(marked(0x89)).records.count == 1)
  }

  // MARK: Archives

  @Test("A hostile name anywhere is refused with its place in the pickle")
  func unsafeName() {
    let hostile = PickleBytes.call("os", "system", [PickleBytes.text("true")])
    expectError(.unsafePickle, "data.pkl byte 4: names os.system") {
      try files.open(PickleBytes.tuple([[0x4E], hostile]))
    }
    expectError(.unsafePickle, "names os.system") {
      try files.open(PickleBytes.dictionary([("a", matrix), ("zz", hostile)]))
    }
  }

  @Test("Objects of unknown classes do not keep tensors from being read")
  func unknownClasses() throws {
    let arguments = PickleBytes.call("transformers.training_args", "TrainingArguments", [])
    let archive = try files.open(
      PickleBytes.dictionary([
        ("args", arguments + PickleBytes.dictionary([("lr", [0x4E])]) + [0x62]),
        ("model", PickleBytes.dictionary([("a", matrix)])),
      ]))
    #expect(archive.records.count == 1)
  }

  @Test("The folder may have any name, but there is one")
  func folderName() throws {
    var zip = ZipBytes.torch(
      pickle: PickleBytes.file(PickleBytes.dictionary([("a", matrix)])),
      storages: TorchFixture.storage)
    for index in zip.entries.indices {
      zip.entries[index].name = "my model" + zip.entries[index].name.dropFirst("archive".count)
    }
    #expect(try files.open(zip).records.count == 1)
    zip.entries.append(.init("other/file", []))
    expectError(.unsupported, "single folder") { try files.open(zip) }
  }

  @Test("Other zip archives are refused as what they are")
  func otherArchives() {
    expectError(.unsupported, "without data.pkl") { try files.open(ZipBytes([.init("a/b", [])])) }
    expectError(.unsupported, "without data.pkl") { try files.open(ZipBytes([])) }
    expectError(.unsupported, "single folder") { try files.open(ZipBytes([.init("w.npy", [])])) }
    for name in ["constants.pkl", "code/__torch__.py"] {
      expectError(.unsupported, "TorchScript") { try files.open([0x7D], others: [.init(name, [])]) }
    }
    expectError(.unsupported, "version '11'") {
      try files.open([0x7D], others: [.init("version", Array("11\n".utf8))])
    }
  }

  @Test("Compressed entries are refused by name")
  func compressed() {
    var zip = ZipBytes.torch(
      pickle: PickleBytes.file(PickleBytes.dictionary([("a", matrix)])),
      storages: TorchFixture.storage)
    zip.entries[1].method = 8
    expectError(.unsupported, "'archive/data/0' is compressed") { try files.open(zip) }
  }
}
