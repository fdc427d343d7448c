import Tensors

/// The tensors of a model among all that was saved with them.
///
/// Training scripts save a state dict alone, or in a dict beside an optimizer's and other
/// things. The state dict is found by this rule:
///
/// 1. If the saved dict has, under one of ``wrappers``, in that order, a dict that holds
///    tensors, it is that one; or the one within it under one of ``innerWrappers``, as in
///    `{"model": {"state_dict": …}}`. All other entries are left out, and a note names them.
/// 2. Otherwise, if some value of the saved dict is itself a tensor, it is the saved dict.
///
/// Wrappers come first since scripts also save single tensors beside a state dict, such as the
/// best accuracy. Dicts within the state dict are flattened, names joined by dots. Integer keys
/// are written in decimal. What is neither a tensor nor a dict with tensors is left out and noted.
struct StateDictionary {
  /// Keys under which training scripts save a state dict.
  static let wrappers = [
    "state_dict", "model_state_dict", "model", "module", "params", "net", "weights",
  ]
  /// Those that may follow one of them.
  static let innerWrappers = ["state_dict", "model_state_dict"]
  static let depthLimit = 128
  static let tensorLimit = 250_000
  /// Bytes of all names together.
  static let nameLimit = 64_000_000

  /// In the order of the file.
  private(set) var tensors: [(name: TensorName, value: PickleValue)] = []
  private(set) var notes: [String] = []

  private let objects: TorchObjects
  private let dictionariesWithTensors: Set<Int32>
  private var names = Set<TensorName>()
  private var nameByteCount = 0
  private var visited = Set<Int32>()
  private var leftOut: [String] = []

  private var graph: PickleGraph { objects.graph }

  /// Finds the state dict by the rule above.
  ///
  /// - Throws: ``CheckpointError`` if there is none, or its names are not text or not unique.
  init(_ objects: TorchObjects) throws {
    self.objects = objects
    dictionariesWithTensors = StateDictionary.dictionariesWithTensors(objects)
    guard graph.entries(of: graph.root) != nil else { throw noDictionary() }
    let outer = try unwrap(graph.root, StateDictionary.wrappers)
    let inner = try outer.flatMap { try unwrap($0.value, StateDictionary.innerWrappers) }
    if let outer {
      let keys = [outer.key] + (inner.map { [$0.key] } ?? [])
      let rest = leftOut.isEmpty ? "" : "; left out: " + list(leftOut)
      notes.append("the tensors are those under '\(keys.joined(separator: "."))'" + rest)
      leftOut = []
    } else {
      guard holdsTensorDirectly(graph.root) else { throw noTensors() }
    }
    try flatten(inner?.value ?? outer?.value ?? graph.root, prefix: "", depth: 0)
    if !leftOut.isEmpty {
      notes.append("entries that are no tensors are left out: " + list(leftOut))
    }
  }

  /// The first of some keys that leads to a dict with tensors.
  private mutating func unwrap(
    _ value: PickleValue, _ keys: [String]
  ) throws -> (key: String, value: PickleValue)? {
    let entries = graph.entries(of: value) ?? []
    for key in keys {
      let found = entries.filter { $0.key.isText(key) }
      guard found.count <= 1 else { throw malformed("key '\(key)' appears twice") }
      guard let inner = found.first?.value, holdsTensors(inner) else { continue }
      for entry in entries where text(entry.key) != key { leaveOut(entry.key, prefix: "") }
      return (key, inner)
    }
    return nil
  }

  private func holdsTensorDirectly(_ value: PickleValue) -> Bool {
    graph.entries(of: value)?.contains { objects.isTensor($0.value) } ?? false
  }

  private func holdsTensors(_ value: PickleValue) -> Bool {
    guard case .dictionary(let index) = value else { return false }
    return dictionariesWithTensors.contains(index)
  }

  /// Every dict that holds a tensor, directly or through other dicts.
  private static func dictionariesWithTensors(_ objects: TorchObjects) -> Set<Int32> {
    let all = objects.graph.dictionaries
    var parents: [Int32: [Int32]] = [:]
    var pending: [Int32] = []
    for (position, entries) in all.enumerated() {
      for entry in entries {
        guard case .dictionary(let inner) = entry.value else { continue }
        parents[inner, default: []].append(Int32(position))
      }
      if entries.contains(where: { objects.isTensor($0.value) }) { pending.append(Int32(position)) }
    }
    var found = Set(pending)
    while let index = pending.popLast() {
      pending += (parents[index] ?? []).filter { found.insert($0).inserted }
    }
    return found
  }
}

// MARK: Flattening

extension StateDictionary {
  private mutating func flatten(_ value: PickleValue, prefix: String, depth: Int) throws {
    guard case .dictionary(let index) = value else { return }
    guard visited.insert(index).inserted else {
      throw malformed("the dict at '\(prefix.shortened)' is in another place or in itself, too")
    }
    guard depth < StateDictionary.depthLimit else {
      throw malformed("dicts are nested deeper than \(StateDictionary.depthLimit)")
    }
    for entry in graph.dictionaries[Int(index)] {
      if objects.isTensor(entry.value) {
        try append(entry.value, name: name(of: entry.key, prefix: prefix))
      } else if holdsTensors(entry.value) {
        let inner = try name(of: entry.key, prefix: prefix) + "."
        try flatten(entry.value, prefix: inner, depth: depth + 1)
      } else {
        leaveOut(entry.key, prefix: prefix)
      }
    }
  }

  private mutating func append(_ value: PickleValue, name: String) throws {
    let name = TensorName(name)
    guard names.insert(name).inserted else {
      throw CheckpointError(
        .malformed, in: objects.file.path, tensor: name, "appears twice in the state dict")
    }
    guard tensors.count < StateDictionary.tensorLimit else {
      throw malformed("more than \(StateDictionary.tensorLimit) tensors")
    }
    tensors.append((name, value))
  }

  private mutating func name(of key: PickleValue, prefix: String) throws -> String {
    guard let text = text(key) else {
      throw malformed(
        "a key in the state dict is \(graph.kind(of: key)), neither a string nor an integer")
    }
    nameByteCount += prefix.utf8.count + text.utf8.count
    guard nameByteCount <= StateDictionary.nameLimit else {
      throw malformed("names of more than \(StateDictionary.nameLimit) bytes together")
    }
    return prefix + text
  }

  private func text(_ key: PickleValue) -> String? {
    switch key {
    case .text(let text): text
    case .integer(let number): String(number)
    default: nil
    }
  }
}

// MARK: Messages

extension StateDictionary {
  private static let shownKeys = 8

  private mutating func leaveOut(_ key: PickleValue, prefix: String) {
    leftOut.append(leftOut.count < StateDictionary.shownKeys ? shown(key, prefix: prefix) : "")
  }

  private func shown(_ key: PickleValue, prefix: String) -> String {
    text(key).map { "'" + (prefix.shortened + $0.shortened) + "'" } ?? graph.kind(of: key)
  }

  private func list(_ keys: [String]) -> String {
    let more = keys.count - StateDictionary.shownKeys
    return keys.prefix(StateDictionary.shownKeys).joined(separator: ", ")
      + (more > 0 ? " and \(more) more" : "")
  }

  private func noDictionary() -> CheckpointError {
    CheckpointError(
      .noCheckpoint, in: objects.file.path,
      "holds \(graph.kind(of: graph.root)), not a state dict: a dict from names to tensors")
  }

  private func noTensors() -> CheckpointError {
    let keys = (graph.entries(of: graph.root) ?? []).map(\.key)
    return CheckpointError(
      .noCheckpoint, in: objects.file.path,
      "holds no tensors at its top, nor in a dict under one of "
        + StateDictionary.wrappers.joined(separator: ", ") + "; its keys are: "
        + (keys.isEmpty ? "none" : list(keys.map { shown($0, prefix: "") })))
  }

  private func malformed(_ detail: String) -> CheckpointError {
    CheckpointError(.malformed, in: objects.file.path, detail)
  }
}
