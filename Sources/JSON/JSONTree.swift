/// A JSON value as a tree, for values of types that encode and decode themselves.
enum JSONTree {
  case null
  case bool(Bool)
  /// Its text.
  case number(String)
  case string(String)
  case array([JSONTree])
  /// Members in their order.
  case object([(name: String, value: JSONTree)])

  private static let depthLimit = 64

  /// Reads the one value of a text.
  ///
  /// - Parameter text: JSON.
  /// - Throws: ``JSONScanner/Fault`` if it is none, or nested too deeply.
  init(_ text: String) throws {
    var tree = JSONTree.null
    try JSONScanner.read(Array(text.utf8)) { tree = try JSONTree(&$0, depth: 0) }
    self = tree
  }

  private init(_ scanner: inout JSONScanner, depth: Int) throws {
    guard depth < JSONTree.depthLimit else { throw scanner.fault("nested too deeply") }
    switch scanner.peek() {
    case UInt8(ascii: "{"):
      var members: [(name: String, value: JSONTree)] = []
      try scanner.object { scanner, name in
        members.append((name, try JSONTree(&scanner, depth: depth + 1)))
      }
      self = .object(members)
    case UInt8(ascii: "["):
      var elements: [JSONTree] = []
      try scanner.array { elements.append(try JSONTree(&$0, depth: depth + 1)) }
      self = .array(elements)
    case UInt8(ascii: "\""): self = .string(try scanner.string())
    default: self = JSONTree(scalar: try scanner.valueText())
    }
  }

  private init(scalar text: String) {
    switch text {
    case "null": self = .null
    case "true", "false": self = .bool(text == "true")
    default: self = .number(text)
    }
  }

  /// The value on one line.
  var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .number(let text): text
    case .string(let text): jsonString(text)
    case .array(let elements): "[" + elements.map(\.text).joined(separator: ",") + "]"
    case .object(let members): jsonObject(members.map { ($0.name, $0.value.text) })
    }
  }
}

extension JSONTree {
  /// A number of any kind; what is not finite becomes the hexadecimal digits of its bits.
  ///
  /// - Parameter value: an integer, or a float of at most 64 bits.
  init(_ value: some LosslessStringConvertible) {
    let real = (value as? Double) ?? (value as? Float).map { Double($0) }
    if let real, !real.isFinite {
      self = .string(String(real.bitPattern, radix: 16))
    } else {
      self = .number("\(value)")
    }
  }

  /// Reads a number back.
  ///
  /// - Parameter type: of the number.
  /// - Returns: `nil` if it is none of this type.
  func number<Value: LosslessStringConvertible>(_ type: Value.Type) -> Value? {
    switch self {
    case .number(let text): Value(text)
    case .string(let text):
      UInt64(text, radix: 16).flatMap { bits in
        let value = Double(bitPattern: bits)
        return (value as? Value) ?? (Float(value) as? Value)
      }
    default: nil
    }
  }
}
