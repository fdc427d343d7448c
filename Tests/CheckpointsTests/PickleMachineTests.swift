import TestSupport
import Testing

@testable import Checkpoints

@Suite struct PickleMachineTests {
  private func run(_ body: [UInt8]) throws -> PickleGraph {
    try PickleMachine.run(PickleBytes.file(body))
  }

  private func expectFault(
    _ pickle: [UInt8], _ word: String, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let fault = #expect(throws: PickleMachine.Fault.self, sourceLocation: sourceLocation) {
      try PickleMachine.run(pickle)
    }
    let detail = fault?.detail ?? ""
    #expect(detail.contains(word), "\(detail)", sourceLocation: sourceLocation)
  }

  @Test(
    "Integers of every width",
    arguments: [
      ([0x4B, 0xFF], 255), ([0x4D, 1, 2], 513), ([0x4A, 0xFF, 0xFF, 0xFF, 0xFF], -1),
      ([0x4A, 0, 0, 0, 0x80], -2_147_483_648), ([0x8A, 0], 0), ([0x8A, 1, 0x80], -128),
      ([0x8A, 2, 0x80, 0], 128), ([0x8A, 8, 0, 0, 0, 0, 0, 0, 0, 0x80], .min),
      ([0x8B, 1, 0, 0, 0, 7], 7),
    ] as [([UInt8], Int)])
  func integers(opcodes: [UInt8], expected: Int) throws {
    guard case .integer(let value) = try run(opcodes).root else {
      Issue.record("no integer")
      return
    }
    #expect(value == expected)
  }

  @Test("Integers beyond 64 bits are passed over")
  func longInteger() throws {
    let graph = try run([0x8A, 9] + Array(repeating: 1, count: 9))
    #expect(graph.kind(of: graph.root) == "a number, list, or the like")
  }

  @Test(
    "Strings of every kind",
    arguments: [
      [0x58, 2, 0, 0, 0], [0x8C, 2], [0x8D, 2, 0, 0, 0, 0, 0, 0, 0], [0x54, 2, 0, 0, 0], [0x55, 2],
    ] as [[UInt8]])
  func strings(opcode: [UInt8]) throws {
    #expect(try run(opcode + "hi".utf8).root.isText("hi"))
  }

  @Test("Tuples and dicts keep what was put in, in order")
  func containers() throws {
    let graph = try run(
      PickleBytes.dictionary([
        ("b", PickleBytes.tuple([[0x4B, 1], [0x88]])), ("a", [0x4B, 2, 0x85]), ("c", [0x29]),
      ]))
    let entries = try #require(graph.entries(of: graph.root))
    #expect(zip(entries, ["b", "a", "c"]).allSatisfy { $0.key.isText($1) })
    let counts = entries.map { entry -> Int32? in
      guard case .tuple(let tuple) = entry.value else { return nil }
      return tuple.count
    }
    #expect(counts == [2, 1, 0])
  }

  @Test("Lists, sets, bytes and fractions are passed over")
  func others() throws {
    let values: [[UInt8]] = [
      [0x5D, 0x4B, 1, 0x61], [0x5D, 0x28, 0x4B, 1, 0x4B, 2, 0x65], [0x8F, 0x28, 0x4B, 1, 0x90],
      [0x28, 0x4B, 1, 0x91], [0x42, 1, 0, 0, 0, 9], [0x43, 1, 9], [0x4E],
      [0x47] + Array(repeating: 0, count: 8), [0x8E, 1, 0, 0, 0, 0, 0, 0, 0, 9],
      [0x96, 1, 0, 0, 0, 0, 0, 0, 0, 9],
    ]
    for value in values {
      let graph = try run(value)
      #expect(graph.kind(of: graph.root) == "a number, list, or the like")
    }
  }

  @Test("The memo gives back the same dict, which may then hold itself")
  func memo() throws {
    let graph = try run([0x7D, 0x71, 5, 0x4B, 1, 0x68, 5, 0x73])
    let entries = try #require(graph.entries(of: graph.root))
    #expect(entries.count == 1)
    #expect(graph.entries(of: entries[0].value)?.count == 1)
  }

  @Test("An OrderedDict is a dict; other calls are noted, and not made")
  func calls() throws {
    let graph = try run(PickleBytes.call("collections", "OrderedDict", []))
    #expect(graph.entries(of: graph.root)?.isEmpty == true)
    for opcode: [UInt8] in [[0x52], [0x81], [0x7D, 0x92]] {
      let body = PickleBytes.global("argparse", "Namespace") + [0x29] + opcode
      let graph = try run(body + PickleBytes.dictionary([("lr", [0x4B, 1])]) + [0x62])
      #expect(graph.kind(of: graph.root) == "an object made by argparse.Namespace")
    }
  }

  @Test("Protocol 4 names globals by the stack and numbers the memo itself")
  func protocol4() throws {
    let body: [UInt8] =
      [0x95, 30, 0, 0, 0, 0, 0, 0, 0, 0x8C, 11] + "collections".utf8 + [0x94, 0x8C, 11]
      + "OrderedDict".utf8 + [0x94, 0x93, 0x94, 0x29, 0x52]
    let graph = try PickleMachine.run([0x80, 4] + body + [0x68, 1, 0x30, 0x2E])
    #expect(graph.entries(of: graph.root)?.isEmpty == true)
  }

  @Test("Bytes after STOP are not read")
  func afterStop() throws {
    let hostile = PickleBytes.file(PickleBytes.global("os", "system"))
    #expect(try PickleMachine.run(PickleBytes.file([0x4E]) + hostile).globals.isEmpty)
  }

  @Test(
    "Names that attacks use are refused, however they are reached",
    arguments: [
      ("os", "system"), ("posix", "system"), ("nt", "system"), ("subprocess", "Popen"),
      ("builtins", "eval"), ("__builtin__", "exec"), ("builtins", "__import__"), ("sys", "exit"),
      ("runpy", "run_path"), ("importlib", "import_module"), ("pickle", "loads"),
      ("os.path", "join"),
      ("shutil", "rmtree"), ("socket", "socket"), ("operator", "attrgetter"), ("pip", "main"),
      ("torch.serialization", "os.system"), ("builtins", "int.real"),
    ])
  func unsafe(module: String, name: String) {
    let named = PickleBytes.global(module, name)
    let stacked = PickleBytes.text(module) + PickleBytes.text(name) + [0x93]
    for body in [named, named + [0x29, 0x52], stacked, [0x7D, 0x4B, 1] + named + [0x73]] {
      expectFault(PickleBytes.file(body), "names \(module).\(name)")
    }
  }

  @Test(
    "Names of data are not",
    arguments: [
      ("__builtin__", "set"), ("builtins", "getattr"), ("numpy.core.multiarray", "scalar"),
      ("transformers.training_args", "TrainingArguments"), ("functools", "partial"),
      ("mypackage.code", "Vocabulary"), ("pathlib", "PosixPath"),
    ])
  func passedOver(module: String, name: String) throws {
    #expect(try run(PickleBytes.call(module, name, [[0x5D]])).globals == [module + "." + name])
  }

  @Test("Opcodes outside the subset are refused by number and place")
  func opcodes() {
    let known = Set(0...255).subtracting(
      [0x2E]
        + (0...255).filter { byte in
          ScalarOpcode(rawValue: byte) != nil || ContainerOpcode(rawValue: byte) != nil
            || ObjectOpcode(rawValue: byte) != nil || StreamOpcode(rawValue: byte) != nil
        })
    #expect(known.count == 206)
    for opcode in known {
      let fault = #expect(throws: PickleMachine.Fault.self) { try run([0x4E, UInt8(opcode)]) }
      #expect(fault?.reason == .unsafePickle)
      #expect(fault?.offset == 3)
    }
  }

  @Test("Every cut is refused")
  func cuts() {
    let pickle = PickleBytes.file(
      PickleBytes.dictionary([
        ("t", PickleBytes.tensor(count: 6, shape: [2, 3], strides: [3, 1])), ("n", [0x4E]),
      ]))
    for length in 0..<pickle.count {
      #expect(throws: PickleMachine.Fault.self) {
        try PickleMachine.run(Array(pickle.prefix(length)))
      }
    }
  }

  @Test(
    "Operations without their operands are refused",
    arguments: [
      [], [0x74], [0x85], [0x4B, 1, 0x86], [0x28, 0x85], [0x61], [0x65], [0x73], [0x75],
      [0x28, 0x75], [0x4B, 1, 0x4B, 1, 0x73], [0x7D, 0x28, 0x4B, 1, 0x75], [0x52], [0x29, 0x52],
      [0x4B, 1, 0x4B, 1, 0x52], [0x81], [0x92], [0x62], [0x51], [0x4B, 1, 0x51], [0x93],
      [0x4B, 1, 0x4B, 1, 0x93], [0x71, 0], [0x94], [0x68, 0], [0x6A, 0, 0, 0, 0], [0x30],
      [0x4B, 1, 0x28, 0x30], [0x31], [0x91], [0x90], [0x28],
    ] as [[UInt8]])
  func operands(body: [UInt8]) {
    #expect(throws: PickleMachine.Fault.self) { try run(body) }
  }

  @Test(
    "Lengths beyond the pickle are refused before anything is allocated",
    arguments: [
      [0x58, 0xFF, 0xFF, 0xFF, 0xFF], [0x54, 0xFF, 0xFF, 0xFF, 0xFF],
      [0x54, 0xFF, 0xFF, 0xFF, 0x7F],
      [0x8B, 0xFF, 0xFF, 0xFF, 0xFF], [0x8B, 0, 0, 0, 0x80], [0x8A, 0xFF],
      [0x8D, 0, 0, 0, 0, 0, 0, 0, 0x40], [0x8D, 0, 0, 0, 0, 0, 0, 0, 0x80],
      [0x95, 0, 0, 0, 0, 0, 0, 0, 0x40], [0x95, 3, 0, 0, 0, 0, 0, 0, 0],
      [0x8E, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F], [0x42, 0xFF, 0xFF, 0xFF, 0xFF],
    ] as [[UInt8]])
  func lengths(body: [UInt8]) {
    #expect(throws: PickleMachine.Fault.self) { try run(body + [0x4E]) }
  }

  @Test("Text that is not UTF-8 is refused")
  func notUTF8() {
    expectFault(PickleBytes.file([0x8C, 1, 0xFF]), "UTF-8")
    expectFault(PickleBytes.file([0x63, 0xFF, 0x0A, 0x61, 0x0A]), "UTF-8")
  }

  @Test("A newer protocol is refused")
  func newerProtocol() { expectFault([0x80, 6, 0x4E, 0x2E], "protocol 6") }

  @Test("Any depth ends without recursion")
  func depth() throws {
    let tuples = try run([0x29] + repeated([0x85], 500_000))
    #expect(tuples.items.count == 500_000)
    let opening = repeated([0x7D, 0x4B, 0], 50_000)
    let dicts = try run(opening + [0x7D] + repeated([0x73], 50_000))
    #expect(dicts.dictionaries.count == 50_001)
  }

  @Test("Values used over and over are stored once")
  func billionLaughs() throws {
    var body: [UInt8] = [0x29]
    for index: UInt8 in 0..<60 {
      body += [0x71, index, 0x30, 0x28] + (0..<10).flatMap { _ in [0x68, index] } + [0x74]
    }
    #expect(try run(body).items.count == 600)
  }

  @Test(
    "Limits end what is too much",
    arguments: [
      ("on the stack", [0x4E], 250_001), ("on the stack", [0x28], 250_001),
      ("10000000 operations", [0x4E, 0x30], 5_000_000), ("more memory", [0x7D, 0x30], 4_000_000),
    ] as [(String, [UInt8], Int)])
  func limits(word: String, bytes: [UInt8], count: Int) {
    expectFault(PickleBytes.file(repeated(bytes, count)), word)
  }

  @Test(
    "Few bytes that make many objects are refused, each kind alone",
    arguments: [
      ("memo", [0x4E, 0x94, 0x30]), ("dicts of one entry", [0x7D, 0x4E, 0x4E, 0x73, 0x30]),
      ("tuples", [0x4E, 0x4E, 0x4E, 0x87, 0x30]),
      ("calls", [0x63, 0x6D, 0x0A, 0x6E, 0x0A, 0x29, 0x52, 0x30]),
    ] as [(String, [UInt8])])
  func memory(kind: String, bytes: [UInt8]) {
    expectFault(PickleBytes.file(repeated(bytes, 1_200_000)), "more memory")
  }

  @Test("What a pickle may take grows with its file")
  func memoryOfLargeFiles() throws {
    let pickle = PickleBytes.file([0x29] + repeated([0x85], 1_000_000))
    expectFault(pickle, "more memory")
    #expect(try PickleMachine.run(pickle, fileByteCount: 50_000_000).items.count == 1_000_000)
  }

  @Test("A memo entry of a high number is refused before there is room for it")
  func sparseMemo() { expectFault([0x80, 2, 0x4E, 0x72, 0xFF, 0xFF, 0xFF, 0xFF], "more memory") }

  @Test("The names of classes have a limit of their own")
  func namedLimits() {
    let names = (0...10_000).flatMap { PickleBytes.global("m", "f\($0)") }
    expectFault(PickleBytes.file(names), "names of classes")
  }
}
