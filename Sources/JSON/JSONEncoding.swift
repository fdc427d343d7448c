/// A value as JSON that ``decoded(_:from:)`` reads back as it was, NaN and infinities with every bit.
///
/// - Parameter value: of a type that encodes itself.
/// - Returns: JSON on one line; members in the order in which they were encoded.
/// - Throws: what the value throws.
public func jsonText(_ value: some Encodable) throws -> String {
  let node = JSONNode()
  try value.encode(to: JSONEncoding(node: node, codingPath: []))
  return node.tree.text
}

/// A value that is being put together.
private final class JSONNode {
  private var scalar: JSONTree?
  private var elements: [JSONNode]?
  private var members: [(name: String, node: JSONNode)] = []

  var tree: JSONTree {
    scalar ?? elements.map { .array($0.map(\.tree)) }
      ?? .object(members.map { ($0.name, $0.node.tree) })
  }

  var count: Int { elements?.count ?? 0 }

  func become(_ tree: JSONTree) { scalar = tree }

  func becomeArray() { elements = [] }

  func appended() -> JSONNode {
    let node = JSONNode()
    elements?.append(node)
    return node
  }

  func member(_ name: String) -> JSONNode {
    let node = JSONNode()
    members.append((name, node))
    return node
  }

  /// Takes a scalar as it is, and lets any other value encode itself.
  func take<Value: Encodable>(_ value: Value, at path: [any CodingKey]) throws {
    switch value {
    case let value as Bool: become(.bool(value))
    case let value as String: become(.string(value))
    case let value as any LosslessStringConvertible & Numeric: become(JSONTree(value))
    default: try value.encode(to: JSONEncoding(node: self, codingPath: path))
    }
  }
}

private struct JSONEncoding: Encoder {
  let node: JSONNode
  let codingPath: [any CodingKey]
  var userInfo: [CodingUserInfoKey: Any] { [:] }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    KeyedEncodingContainer(Keyed(node: node, codingPath: codingPath))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    node.becomeArray()
    return Unkeyed(node: node, codingPath: codingPath)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    Single(node: node, codingPath: codingPath)
  }

  private struct Keyed<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let node: JSONNode
    let codingPath: [any CodingKey]

    func encodeNil(forKey key: Key) { node.member(key.stringValue).become(.null) }

    func encode<Value: Encodable>(_ value: Value, forKey key: Key) throws {
      try node.member(key.stringValue).take(value, at: codingPath + [key])
    }

    func nestedContainer<Other: CodingKey>(
      keyedBy type: Other.Type, forKey key: Key
    ) -> KeyedEncodingContainer<Other> {
      part(key).container(keyedBy: type)
    }

    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
      part(key).unkeyedContainer()
    }

    func superEncoder() -> any Encoder {
      JSONEncoding(node: node.member("super"), codingPath: codingPath)
    }

    func superEncoder(forKey key: Key) -> any Encoder { part(key) }

    private func part(_ key: Key) -> JSONEncoding {
      JSONEncoding(node: node.member(key.stringValue), codingPath: codingPath + [key])
    }
  }

  private struct Unkeyed: UnkeyedEncodingContainer {
    let node: JSONNode
    let codingPath: [any CodingKey]
    var count: Int { node.count }

    func encodeNil() { node.appended().become(.null) }

    func encode<Value: Encodable>(_ value: Value) throws {
      try node.appended().take(value, at: codingPath)
    }

    func nestedContainer<Key: CodingKey>(
      keyedBy type: Key.Type
    ) -> KeyedEncodingContainer<Key> {
      part.container(keyedBy: type)
    }

    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { part.unkeyedContainer() }

    func superEncoder() -> any Encoder { part }

    private var part: JSONEncoding {
      JSONEncoding(node: node.appended(), codingPath: codingPath)
    }
  }

  private struct Single: SingleValueEncodingContainer {
    let node: JSONNode
    let codingPath: [any CodingKey]

    func encodeNil() { node.become(.null) }

    func encode<Value: Encodable>(_ value: Value) throws { try node.take(value, at: codingPath) }
  }
}
