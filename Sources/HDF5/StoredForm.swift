/// The bytes by which a process that reads a file tells its parent what is there.
///
/// An answer is one byte that says what follows, a text or groups, then that, then an end mark.
/// Lengths are 8 bytes, little-endian. Whoever takes an answer trusts nothing in it: a length
/// beyond the bytes that are there, an unknown tag or a missing end make it no answer.
enum StoredForm {
  static let endMark: UInt64 = 0x444E_4552_5453_4E54

  /// The answer that a file was refused.
  ///
  /// - Parameter reason: a sentence.
  /// - Returns: the bytes.
  static func refusal(_ reason: String) -> [UInt8] {
    var sink = Sink()
    sink.bytes.append(0)
    sink.add(reason)
    sink.add(endMark)
    return sink.bytes
  }

  /// The answer that a file was read.
  ///
  /// - Parameter groups: what it holds.
  /// - Returns: the bytes.
  static func content(_ groups: [String: StoredResult.Group]) -> [UInt8] {
    var sink = Sink()
    sink.bytes.append(1)
    sink.add(groups) { sink, group in
      sink.add(group.attributes) { $0.add($1) }
      sink.add(group.variables) { sink, variable in
        sink.add(UInt64(variable.extents.count))
        for extent in variable.extents { sink.add(UInt64(extent)) }
        sink.add(variable.values)
      }
    }
    sink.add(endMark)
    return sink.bytes
  }

  /// Takes an answer apart.
  ///
  /// - Parameter answer: the bytes, from a process that may have been led astray.
  /// - Returns: the groups, or `nil` if it is no whole answer.
  /// - Throws: ``HDF5Error`` with the reason of a refusal.
  static func groups(in answer: [UInt8]) throws -> [String: StoredResult.Group]? {
    var source = Source(rest: answer[...])
    guard let kind = source.byte(), kind < 2 else { return nil }
    if kind == 0 {
      guard let reason = source.text(), source.count() == endMark else { return nil }
      throw HDF5Error(.foreignFile(reason))
    }
    let groups = source.dictionary { source -> StoredResult.Group? in
      guard let attributes = source.dictionary({ $0.values() }),
        let variables = source.dictionary({ $0.variable() })
      else { return nil }
      return .init(attributes: attributes, variables: variables)
    }
    return source.count() == endMark && source.rest.isEmpty ? groups : nil
  }
}

/// Bytes that grow.
struct Sink {
  var bytes: [UInt8] = []

  mutating func add(_ number: UInt64) {
    withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func add(_ text: String) {
    add(UInt64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  mutating func add<Value>(
    _ dictionary: [String: Value], _ body: (inout Sink, Value) -> Void
  ) {
    add(UInt64(dictionary.count))
    for (name, value) in dictionary {
      add(name)
      body(&self, value)
    }
  }

  mutating func add(_ values: ResultValues) {
    bytes.append(values.tag)
    add(UInt64(values.count))
    guard case .text(let texts) = values else {
      return values.withStorage { start in
        let count = values.count * values.elementSize
        unsafe bytes.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
      }
    }
    for text in texts { add(text) }
  }
}

/// Bytes that are taken from the front; everything returns `nil` where they do not suffice.
struct Source {
  var rest: ArraySlice<UInt8>

  mutating func byte() -> UInt8? { rest.popFirst() }

  mutating func take(_ count: Int) -> ArraySlice<UInt8>? {
    guard count >= 0, count <= rest.count else { return nil }
    defer { rest = rest.dropFirst(count) }
    return rest.prefix(count)
  }

  mutating func count() -> UInt64? {
    take(8).map { $0.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
  }

  /// A number of things that have at least one byte each.
  mutating func length() -> Int? {
    count().flatMap { Int(exactly: $0) }.flatMap { $0 <= rest.count ? $0 : nil }
  }

  mutating func text() -> String? {
    length().flatMap { take($0) }.map { String(decoding: $0, as: UTF8.self) }
  }

  mutating func list<Value>(_ item: (inout Source) -> Value?) -> [Value]? {
    guard let count = length() else { return nil }
    var values: [Value] = []
    for _ in 0..<count {
      guard let value = item(&self) else { return nil }
      values.append(value)
    }
    return values
  }

  mutating func dictionary<Value>(_ item: (inout Source) -> Value?) -> [String: Value]? {
    list { source -> (String, Value)? in
      guard let name = source.text(), let value = item(&source) else { return nil }
      return (name, value)
    }.map { Dictionary($0) { first, _ in first } }
  }

  mutating func variable() -> StoredResult.Variable? {
    guard let extents = list({ $0.count().flatMap { Int(exactly: $0) } }), let values = values(),
      extents.reduce(1, saturatingProduct) == values.count
    else { return nil }
    return .init(extents: extents, values: values)
  }

  mutating func values() -> ResultValues? {
    switch byte() {
    case 0: numbers(zero: 0).map { .float64($0) }
    case 1: numbers(zero: 0).map { .int64($0) }
    case 2: numbers(zero: 0).map { .int32($0) }
    case 3: numbers(zero: 0).map { .int8($0) }
    case 4: list { $0.text() }.map { .text($0) }
    default: nil
    }
  }

  private mutating func numbers<Number: BitwiseCopyable>(zero: Number) -> [Number]? {
    let size = MemoryLayout<Number>.stride
    guard let count = length(), let bytes = take(saturatingProduct(count, size)) else { return nil }
    var numbers = [Number](repeating: zero, count: count)
    numbers.withUnsafeMutableBytes { target in
      bytes.withUnsafeBytes { unsafe target.copyMemory(from: $0) }
    }
    return numbers
  }
}

extension ResultValues {
  fileprivate var tag: UInt8 {
    switch self {
    case .float64: 0
    case .int64: 1
    case .int32: 2
    case .int8: 3
    case .text: 4
    }
  }

  /// Bytes of an element; 0 for text.
  fileprivate var elementSize: Int {
    switch self {
    case .float64, .int64: 8
    case .int32: 4
    case .int8: 1
    case .text: 0
    }
  }
}
