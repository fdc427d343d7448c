import Tensors

/// One `TensorProto` of an ONNX file: what it is, and where its elements are.
///
/// Source: ONNX, `onnx/onnx.proto`, `TensorProto`.
struct ONNXTensor {
  /// Where the elements are.
  enum Content {
    /// In this range of the file, as they are.
    case within(Range<Int>)
    /// In another file.
    case external([(key: String, value: String)])
    /// As numbers of variable length, or not at all.
    case other
  }

  private(set) var name: TensorName = ""
  private(set) var dimensions: [Int] = []
  /// ONNX's number of the element type.
  private(set) var type: UInt64 = 0
  private(set) var content = Content.other

  private static let textLimit = 65_535

  private var external: [(key: String, value: String)] = []
  private var isExternal = false

  /// Reads a message.
  ///
  /// - Throws: ``ProtobufMessage/Fault`` if it breaks the format's rules.
  init(_ file: InputFile, _ range: Range<Int>) throws {
    var message = ProtobufMessage(file, range)
    while let field = try message.next() { try read(field, of: file) }
    if isExternal { content = .external(external) }
  }

  private mutating func read(
    _ field: (number: Int, value: ProtobufMessage.Value), of file: InputFile
  ) throws {
    switch (field.number, field.value) {
    case (1, .number(let extent)): append([extent])
    case (1, .bytes(let range)):
      append(try ProtobufMessage.packed(file, range, limit: TorchObjects.rankLimit))
    case (2, .number(let number)): type = number
    case (4, .bytes(let range)) where !range.isEmpty: try take(range, ifType: 1)
    case (8, .bytes(let range)): name = TensorName(try ONNXTensor.text(file, range))
    case (9, .bytes(let range)): try take(range, ifType: nil)
    case (10, .bytes(let range)) where !range.isEmpty: try take(range, ifType: 11)
    case (13, .bytes(let range)): try external.append(ONNXTensor.entry(file, range))
    case (14, .number(let place)): isExternal = place == 1
    default: break
    }
    guard dimensions.count <= TorchObjects.rankLimit, external.count <= 16 else {
      throw ProtobufMessage.Fault(offset: 0, detail: "too many extents or entries of a tensor")
    }
  }

  private mutating func append(_ extents: [UInt64]) {
    dimensions += extents.map { Int(clamping: $0) }
  }

  /// Takes the elements; a type of the fields by type must be the one that was said before.
  private mutating func take(_ range: Range<Int>, ifType expected: UInt64?) throws {
    if case .within = content {
      throw ProtobufMessage.Fault(offset: range.lowerBound, detail: "a tensor with two contents")
    }
    guard expected == nil || expected == type else { return }
    content = .within(range)
  }

  private static func text(_ file: InputFile, _ range: Range<Int>) throws -> String {
    guard range.count <= textLimit,
      let text = String(validating: try file.copy(range), as: UTF8.self)
    else {
      throw ProtobufMessage.Fault(offset: range.lowerBound, detail: "a name that is no UTF-8 text")
    }
    return text
  }

  private static func entry(
    _ file: InputFile, _ range: Range<Int>
  ) throws -> (key: String, value: String) {
    var message = ProtobufMessage(file, range)
    var (key, value) = ("", "")
    while let field = try message.next() {
      if case (1, .bytes(let range)) = field { key = try text(file, range) }
      if case (2, .bytes(let range)) = field { value = try text(file, range) }
    }
    return (key, value)
  }

  /// The element type, or `nil` if it is not read.
  var dtype: DType? {
    switch type {
    case 1: .float32
    case 2: .uint8
    case 3: .int8
    case 4: .uint16
    case 5: .int16
    case 6: .int32
    case 7: .int64
    case 9: .bool
    case 10: .float16
    case 11: .float64
    case 12: .uint32
    case 13: .uint64
    case 16: .bfloat16
    case 17: .float8E4M3
    case 19: .float8E5M2
    default: nil
    }
  }
}
