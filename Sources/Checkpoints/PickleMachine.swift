/// Runs a pickle into inert data.
///
/// A pickle is a program for a stack machine, and Python's machine calls whatever function it
/// names. This one calls none: it has no means to. It knows the opcodes that Python's writers
/// use from protocol 2 on, notes which function would be called with what, and leaves it to
/// the reader of the ``PickleGraph`` to know some of them. Sets take part in no tensor, so
/// their contents are dropped; so are those of lists and the attributes of objects, unless they are
/// asked for.
///
/// Every length is checked against the bytes left before anything is allocated for it, and
/// work and memory are bounded by the limits below, which are far above what real checkpoints
/// need. Memory is in proportion to the file: few bytes of a pickle can make many objects, but a
/// file with many tensors has their elements, too. Depth needs no limit, since values hold no
/// values. Bytes after STOP are not read.
///
/// Source: the opcode table of CPython's `pickletools`.
struct PickleMachine {
  /// What is wrong with a pickle, and at which byte.
  struct Fault: Error {
    let reason: CheckpointError.Reason
    let offset: Int
    let detail: String
    /// Whether more bytes after the last might mend it.
    var isCutOff = false
  }

  static let operationLimit = 10_000_000
  /// Values and marks on the stack.
  static let stackLimit = 250_000
  /// Bytes that all else may take beyond twice the file.
  static let memoryAllowance = 24_000_000
  /// Different classes and functions.
  static let globalLimit = 10_000

  private let bytes: [UInt8]
  private var offset = 0
  private var opcodeOffset = 0
  private var stack: [PickleValue] = []
  /// How high the stack was at each open mark.
  private var marks: [Int] = []
  private var memo: [PickleValue?] = []
  private var graph = PickleGraph()
  private var globalIndices: [String: Int32] = [:]
  private var memoryLeft: Int
  private let keepsLists: Bool
  private let keepsStates: Bool

  private static let stop: UInt8 = 0x2E
  private static let newestProtocol = 5

  /// What a pickle describes.
  ///
  /// - Parameters:
  ///   - bytes: the pickle, and whatever may follow it.
  ///   - keepsLists: whether the items of lists are kept.
  ///   - keepsStates: whether the attributes of objects are kept.
  ///   - fileByteCount: the size of the file it is from; that of `bytes` if not given.
  /// - Returns: what it describes.
  /// - Throws: ``Fault`` if it is cut off, breaks the machine's rules or exceeds its limits,
  ///   holds an opcode that no writer of data uses, or names one of ``UnsafeGlobals``.
  static func run(
    _ bytes: [UInt8], keepsLists: Bool = false, keepsStates: Bool = false,
    fileByteCount: Int? = nil
  ) throws -> PickleGraph {
    var machine = PickleMachine(bytes, fileByteCount ?? bytes.count, keepsLists, keepsStates)
    for _ in 0..<operationLimit {
      machine.opcodeOffset = machine.offset
      let opcode = UInt8(truncatingIfNeeded: try machine.unsigned(1))
      guard opcode != stop else {
        machine.graph.root = try machine.pop()
        machine.graph.byteCount = machine.offset
        return machine.graph
      }
      try machine.execute(opcode)
    }
    throw machine.fault("the pickle has more than \(operationLimit) operations")
  }

  private init(_ bytes: [UInt8], _ fileByteCount: Int, _ keepsLists: Bool, _ keepsStates: Bool) {
    (self.bytes, self.keepsLists, self.keepsStates) = (bytes, keepsLists, keepsStates)
    memoryLeft = PickleMachine.memoryAllowance + 2 * fileByteCount - bytes.count
  }

  private mutating func execute(_ opcode: UInt8) throws {
    if let known = StreamOpcode(rawValue: opcode) {
      try execute(known)
    } else if let known = ScalarOpcode(rawValue: opcode) {
      try push(scalar(known))
    } else if let known = ContainerOpcode(rawValue: opcode) {
      try execute(known)
    } else if let known = ObjectOpcode(rawValue: opcode) {
      try execute(known)
    } else {
      let number = "0x" + String(opcode, radix: 16)
      throw fault("opcode \(number) is not one that describes data", .unsafePickle)
    }
  }

  private func fault(
    _ detail: String, _ reason: CheckpointError.Reason = .malformed
  ) -> Fault {
    Fault(reason: reason, offset: opcodeOffset, detail: detail)
  }

  private func cutOff(_ detail: String) -> Fault {
    Fault(reason: .malformed, offset: opcodeOffset, detail: detail, isCutOff: true)
  }
}

// MARK: Bytes and stack

extension PickleMachine {
  private mutating func take(_ count: Int) throws -> ArraySlice<UInt8> {
    guard count <= bytes.count - offset else {
      throw cutOff("the pickle ends inside an operation, or before STOP")
    }
    defer { offset += count }
    return bytes[offset..<offset + count]
  }

  private mutating func unsigned(_ width: Int) throws -> Int {
    let start = offset
    _ = try take(width)
    guard let value = Int(exactly: bytes.littleEndian(at: start, width: width)) else {
      throw fault("a length beyond 2^63")
    }
    return value
  }

  private mutating func signed32() throws -> Int {
    Int(Int32(truncatingIfNeeded: try unsigned(4)))
  }

  private mutating func signedLength() throws -> Int {
    let length = try signed32()
    guard length >= 0 else { throw fault("a length of \(length)") }
    return length
  }

  private mutating func text(_ count: Int) throws -> String {
    guard let text = String(validating: try take(count), as: UTF8.self) else {
      throw fault("a string that is not valid UTF-8")
    }
    if count > PickleCost.shortText { try spend(PickleCost.text + count) }
    return text
  }

  private mutating func line() throws -> String {
    guard let end = bytes[offset...].firstIndex(of: UInt8(ascii: "\n")) else {
      throw cutOff("the pickle ends inside a name")
    }
    let line = try text(end - offset)
    offset += 1
    return line
  }

  private mutating func push(_ value: PickleValue) throws {
    guard stack.count + marks.count < PickleMachine.stackLimit else {
      throw fault("more than \(PickleMachine.stackLimit) values on the stack")
    }
    stack.append(value)
  }

  private mutating func pop() throws -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
      throw fault("an operation on an empty stack")
    }
    return value
  }

  /// Where on the stack the values above the innermost mark begin; the mark is removed.
  private mutating func closeMark() throws -> Int {
    guard let mark = marks.popLast() else { throw fault("an operation without its mark") }
    return mark
  }

  /// Where on the stack the topmost values begin.
  private func top(_ count: Int) throws -> Int {
    guard stack.count - count >= marks.last ?? 0 else {
      throw fault("an operation on an empty stack")
    }
    return stack.count - count
  }

  private mutating func drop(from start: Int) { stack.removeLast(stack.count - start) }

  /// Counts what is kept beyond the stack.
  private mutating func spend(_ byteCount: Int) throws {
    memoryLeft -= byteCount
    guard memoryLeft >= 0 else {
      throw fault("makes objects of more memory than a file of its size may take")
    }
  }
}

// MARK: Opcodes

extension PickleMachine {
  private mutating func execute(_ opcode: StreamOpcode) throws {
    switch opcode {
    case .proto:
      let version = try unsigned(1)
      guard version <= PickleMachine.newestProtocol else {
        throw fault("pickle protocol \(version) is not known")
      }
    case .frame:
      let length = try unsigned(8)
      guard length <= bytes.count - offset else {
        throw cutOff("a frame of \(length) bytes, with \(bytes.count - offset) left")
      }
    case .binGet: try recall(unsigned(1))
    case .longBinGet: try recall(unsigned(4))
    case .binPut: try memorize(unsigned(1))
    case .longBinPut: try memorize(unsigned(4))
    case .memoize: try memorize(memo.count)
    }
  }

  private mutating func recall(_ index: Int) throws {
    guard memo.indices.contains(index), let value = memo[index] else {
      throw fault("memo entry \(index) was never set")
    }
    try push(value)
  }

  private mutating func memorize(_ index: Int) throws {
    let value = try pop()
    stack.append(value)
    if index >= memo.count {
      try spend((index - memo.count + 1) * PickleCost.item)
      memo += repeatElement(nil, count: index - memo.count + 1)
    }
    memo[index] = value
  }

  private mutating func scalar(_ opcode: ScalarOpcode) throws -> PickleValue {
    switch opcode {
    case .none: return .other
    case .newTrue: return .bool(true)
    case .newFalse: return .bool(false)
    case .binInt: return .integer(try signed32())
    case .binInt1: return .integer(try unsigned(1))
    case .binInt2: return .integer(try unsigned(2))
    case .long1: return try integer(ofBytes: unsigned(1))
    case .long4: return try integer(ofBytes: signedLength())
    case .binUnicode: return .text(try text(unsigned(4)))
    case .shortBinUnicode: return .text(try text(unsigned(1)))
    case .shortBinString: return try textOrBytes(unsigned(1))
    case .binUnicode8: return .text(try text(unsigned(8)))
    case .binString: return try textOrBytes(signedLength())
    case .binFloat: return try skipping(8)
    case .binBytes: return try skipping(unsigned(4))
    case .shortBinBytes: return try skipping(unsigned(1))
    case .binBytes8, .byteArray8: return try skipping(unsigned(8))
    }
  }

  /// A string of Python 2, which has the same kind for text and for bytes.
  private mutating func textOrBytes(_ count: Int) throws -> PickleValue {
    String(validating: try take(count), as: UTF8.self).map { .text($0) } ?? .other
  }

  private mutating func skipping(_ count: Int) throws -> PickleValue {
    _ = try take(count)
    return .other
  }

  /// Two's complement, lowest byte first. What does not fit 64 bits describes no tensor.
  private mutating func integer(ofBytes count: Int) throws -> PickleValue {
    let digits = try take(count)
    guard count <= 8 else { return .other }
    let isNegative = digits.last.map { $0 >= 0x80 } ?? false
    return .integer(digits.reversed().reduce(isNegative ? -1 : 0) { $0 << 8 | Int($1) })
  }

  private mutating func execute(_ opcode: ContainerOpcode) throws {
    switch opcode {
    case .mark: try pushMark()
    case .emptyTuple: try pushTuple(from: top(0))
    case .tuple: try pushTuple(from: closeMark())
    case .tuple1: try pushTuple(from: top(1))
    case .tuple2: try pushTuple(from: top(2))
    case .tuple3: try pushTuple(from: top(3))
    case .emptyDict: try pushDictionary()
    case .emptyList: try pushList()
    case .emptySet: try push(.other)
    case .pop: _ = try pop()
    case .append: try appendItems(from: top(1))
    case .appends: try appendItems(from: closeMark())
    case .addItems, .popMark: drop(from: try closeMark())
    case .setItem: try setItems(from: top(2))
    case .setItems: try setItems(from: closeMark())
    case .frozenSet:
      drop(from: try closeMark())
      try push(.other)
    }
  }

  private mutating func pushMark() throws {
    guard stack.count + marks.count < PickleMachine.stackLimit else {
      throw fault("more than \(PickleMachine.stackLimit) values on the stack")
    }
    marks.append(stack.count)
  }

  private mutating func pushTuple(from start: Int) throws {
    let count = stack.count - start
    try spend(count * PickleCost.item)
    let tuple = PickleTuple(start: Int32(graph.items.count), count: Int32(count))
    graph.items += stack[start...]
    drop(from: start)
    try push(.tuple(tuple))
  }

  private mutating func pushDictionary() throws {
    try spend(PickleCost.container)
    graph.dictionaries.append([])
    try push(.dictionary(Int32(graph.dictionaries.count - 1)))
  }

  private mutating func pushList() throws {
    guard keepsLists else { return try push(.other) }
    try spend(PickleCost.container)
    graph.lists.append([])
    try push(.list(Int32(graph.lists.count - 1)))
  }

  /// Appends to a list. Anything else takes the items and shows nothing.
  private mutating func appendItems(from start: Int) throws {
    if keepsLists, start > marks.last ?? 0, case .list(let index) = stack[start - 1] {
      try spend((stack.count - start) * PickleCost.item + PickleCost.allocation)
      graph.lists[Int(index)] += stack[start...]
    }
    drop(from: start)
  }

  /// Sets keys and values, alternating. Anything but a dict takes them and shows nothing.
  private mutating func setItems(from start: Int) throws {
    let count = stack.count - start
    guard count.isMultiple(of: 2) else { throw fault("a dict's key without a value") }
    guard start > marks.last ?? 0 else { throw fault("an operation on an empty stack") }
    if case .dictionary(let index) = stack[start - 1] { try setEntries(of: Int(index), start) }
    drop(from: start)
  }

  private mutating func setEntries(of index: Int, _ start: Int) throws {
    if graph.dictionaries[index].isEmpty { try spend(PickleCost.allocation) }
    for key in stride(from: start, to: stack.count, by: 2) {
      let isDictionary = if case .dictionary = stack[key + 1] { true } else { false }
      try spend(isDictionary ? PickleCost.nesting : PickleCost.entry)
      graph.dictionaries[index].append((stack[key], stack[key + 1]))
    }
  }

  private mutating func execute(_ opcode: ObjectOpcode) throws {
    switch opcode {
    case .global: try pushGlobal(module: line(), name: line())
    case .stackGlobal:
      guard case .text(let name) = try pop(), case .text(let module) = try pop() else {
        throw fault("a name that is not text")
      }
      try pushGlobal(module: module, name: name)
    case .reduce, .newObj: try pushCall()
    case .newObjEx:
      _ = try pop()
      try pushCall()
    case .build: try setState(pop())
    case .binPersid:
      guard case .tuple(let id) = try pop() else { throw fault("a persistent id that is no tuple") }
      try spend(PickleCost.container)
      graph.persistentIDs.append(id)
      try push(.persistent(id))
    }
  }

  private mutating func pushGlobal(module: String, name: String) throws {
    let full = module + "." + name
    guard !UnsafeGlobals.contains(module: module, name: name) else {
      throw fault("names \(full.shortened), which no description of data needs", .unsafePickle)
    }
    let index = globalIndices[full] ?? Int32(graph.globals.count)
    if index == graph.globals.count {
      guard index < PickleMachine.globalLimit else {
        throw fault("more than \(PickleMachine.globalLimit) names of classes and functions")
      }
      graph.globals.append(full)
      globalIndices[full] = index
    }
    try push(.global(index))
  }

  private mutating func pushCall() throws {
    guard case .tuple(let arguments) = try pop() else { throw fault("arguments that are no tuple") }
    guard case .global(let function) = try pop() else { return try push(.other) }
    if arguments.count == 0, graph.globals[Int(function)] == "collections.OrderedDict" {
      return try pushDictionary()
    }
    try spend(PickleCost.call)
    guard keepsStates else {
      return try push(.call(function: function, arguments: arguments))
    }
    graph.objects.append(.init(function: function, arguments: arguments))
    try push(.object(Int32(graph.objects.count - 1)))
  }

  /// Sets the state of the object on top of the stack. What is no object shows nothing.
  private mutating func setState(_ state: PickleValue) throws {
    guard keepsStates else { return }
    if case .object(let index) = stack[try top(1)] { graph.objects[Int(index)].state = state }
  }
}
