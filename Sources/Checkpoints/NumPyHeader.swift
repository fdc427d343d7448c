import Tensors

/// What stands before the elements of a NumPy array file: type, order and shape.
///
/// The magic bytes, a version, the length of a text, and the text: a Python dict of exactly
/// `descr`, `fortran_order` and `shape`, of which only this form is read. Nothing is evaluated.
///
/// Source: NumPy, "A simple file format for NumPy arrays" (NEP 1), and `numpy.lib.format`.
struct NumPyHeader {
  /// What is wrong with a header, and whether it is of a kind that is merely not read.
  struct Fault: Error {
    var reason = CheckpointError.Reason.malformed
    let detail: String
  }

  /// The element type.
  let dtype: DType
  /// The order of the bytes of one element.
  let byteOrder: ByteOrder
  /// The extents, outermost first.
  let shape: Shape
  /// Elements to step over along each extent, or `nil` if they are row-major.
  let strides: [Int]?
  /// Bytes before the first element.
  let byteCount: Int

  static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]
  /// More than any header: NumPy itself refuses texts of more than 10,000 characters.
  static let byteLimit = 12 + 10_000
  private static let rankLimit = 64

  /// Reads a header.
  ///
  /// - Parameter bytes: the first of the file, ``byteLimit`` of them if there are so many.
  /// - Throws: ``Fault`` if they are no header, or one of elements that are not read.
  init(_ bytes: [UInt8]) throws {
    guard bytes.starts(with: NumPyHeader.magic), bytes.count >= 12 else {
      throw Fault(detail: "is no NumPy array: it does not begin as one")
    }
    guard (1...3).contains(bytes[6]) else {
      throw Fault(
        reason: .unsupported, detail: "is of version \(bytes[6]) of NumPy's format, not 1 to 3")
    }
    let width = bytes[6] == 1 ? 2 : 4
    let length = Int(bytes.littleEndian(at: 8, width: width))
    guard length <= bytes.count - 8 - width else {
      throw Fault(
        detail: "has a header of \(length) bytes, of which \(bytes.count - 8 - width) are there or "
          + "allowed")
    }
    byteCount = 8 + width + length
    var text = HeaderText(bytes[8 + width..<byteCount])
    let fields = try text.fields()
    (dtype, byteOrder) = try NumPyHeader.elementType(fields.type)
    guard fields.shape.count <= NumPyHeader.rankLimit, let shape = Shape(fields.shape) else {
      throw Fault(
        detail: "shape \(Shape.list(fields.shape)) has more elements than can be addressed")
    }
    self.shape = shape
    strides =
      fields.isColumnMajor && shape.rank > 1
      ? Array(shape.transposed.rowMajorStrides.reversed()) : nil
  }

  /// A type as `descr` has it: the order of bytes, a letter, and the width in bytes.
  private static func elementType(_ text: String) throws -> (DType, ByteOrder) {
    guard let dtype = elementTypes[text.dropFirst()], "<>|=".contains(text.prefix(1)) else {
      let reason =
        text.contains("O") ? "Python objects are not read" : "element type is not supported"
      throw Fault(reason: .unsupported, detail: "descr '\(text.shortened)': \(reason)")
    }
    return (dtype, text.hasPrefix(">") ? .big : .little)
  }

  private static let elementTypes: [Substring: DType] = [
    "f2": .float16, "f4": .float32, "f8": .float64, "i1": .int8, "i2": .int16, "i4": .int32,
    "i8": .int64, "u1": .uint8, "u2": .uint16, "u4": .uint32, "u8": .uint64, "b1": .bool,
  ]
}

/// The text of a header, read from the front.
private struct HeaderText {
  private let bytes: ArraySlice<UInt8>
  private var position: Int

  init(_ bytes: ArraySlice<UInt8>) { (self.bytes, position) = (bytes, bytes.startIndex) }

  /// The three fields, each once, and nothing after them but blanks.
  mutating func fields() throws -> (type: String, isColumnMajor: Bool, shape: [Int]) {
    var (type, isColumnMajor, shape): (String?, Bool?, [Int]?)
    try expect("{")
    while !skip("}") {
      switch try string() {
      case "descr" where type == nil: type = try value { try $0.string() }
      case "fortran_order" where isColumnMajor == nil: isColumnMajor = try value { try $0.truth() }
      case "shape" where shape == nil: shape = try value { try $0.tuple() }
      default: throw fault()
      }
      guard skip(",") || next == UInt8(ascii: "}") else { throw fault() }
    }
    guard next == nil, let type, let isColumnMajor, let shape else { throw fault() }
    return (type, isColumnMajor, shape)
  }

  private mutating func value<Value>(_ read: (inout HeaderText) throws -> Value) throws -> Value {
    try expect(":")
    return try read(&self)
  }

  /// The next byte that is no blank.
  private var next: UInt8? {
    mutating get {
      while position < bytes.endIndex, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) {
        position += 1
      }
      return position < bytes.endIndex ? bytes[position] : nil
    }
  }

  private mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func expect(_ character: Unicode.Scalar) throws {
    guard skip(character) else { throw fault() }
  }

  private mutating func string() throws -> String {
    guard let quote = next, quote == UInt8(ascii: "'") || quote == UInt8(ascii: "\"") else {
      if next == UInt8(ascii: "[") {
        throw NumPyHeader.Fault(
          reason: .unsupported, detail: "holds records of several fields, which are not read")
      }
      throw fault()
    }
    position += 1
    let rest = bytes[position...]
    guard let end = rest.firstIndex(of: quote), !rest[..<end].contains(UInt8(ascii: "\\")) else {
      throw fault()
    }
    position = end + 1
    return String(decoding: rest[..<end], as: UTF8.self)
  }

  private mutating func truth() throws -> Bool {
    for (word, value) in [("True", true), ("False", false)]
    where next != nil && bytes[position...].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw fault()
  }

  private mutating func tuple() throws -> [Int] {
    var numbers: [Int] = []
    try expect("(")
    while !skip(")") {
      numbers.append(try number())
      guard skip(",") || numbers.count > 1 && next == UInt8(ascii: ")") else { throw fault() }
    }
    return numbers
  }

  /// Digits, after which Python 2 may have put an L.
  private mutating func number() throws -> Int {
    _ = next
    let digits = bytes[position...].prefix { (0x30...0x39).contains($0) }
    guard let number = Int(String(decoding: digits, as: UTF8.self)) else { throw fault() }
    position += digits.count
    _ = skip("L")
    return number
  }

  private func fault() -> NumPyHeader.Fault {
    .init(
      detail:
        "its header is not the text NumPy writes, from character \(position - bytes.startIndex)")
  }
}
