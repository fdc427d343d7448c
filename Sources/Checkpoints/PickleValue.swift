/// One value of a pickle: what it is, never what it would do.
///
/// Containers are positions in a ``PickleGraph``. So a value used a million times is stored
/// once, a dict may hold itself, and giving back a graph takes no recursion, however deep it is.
enum PickleValue: Sendable {
  /// None, fractions, byte strings, sets, lists that were not asked for, and all else that
  /// describes no tensor.
  case other
  case bool(Bool)
  case integer(Int)
  case text(String)
  case tuple(PickleTuple)
  /// An index into ``PickleGraph/dictionaries``.
  case dictionary(Int32)
  /// An index into ``PickleGraph/lists``.
  case list(Int32)
  /// A class or function that is named: an index into ``PickleGraph/globals``.
  case global(Int32)
  /// What calling such a class or function would give. Nothing is called.
  case call(function: Int32, arguments: PickleTuple)
  /// The same with the state it was given, if states were asked for: an index into
  /// ``PickleGraph/objects``.
  case object(Int32)
  /// What the pickle's owner keeps outside it under this id.
  case persistent(PickleTuple)

  /// Whether it is a string of exactly these bytes.
  func isText(_ expected: String) -> Bool {
    guard case .text(let text) = self else { return false }
    return text.utf8.elementsEqual(expected.utf8)
  }
}

/// A range of ``PickleGraph/items``.
struct PickleTuple: Hashable, Sendable {
  let start: Int32
  let count: Int32
}

/// All that one pickle describes.
struct PickleGraph: Sendable {
  typealias Entry = (key: PickleValue, value: PickleValue)

  /// What a class or function was called with, and the state that was set afterwards.
  struct Object: Sendable {
    let function: Int32
    let arguments: PickleTuple
    var state = PickleValue.other
  }

  /// What the pickle as a whole stands for.
  var root = PickleValue.other
  /// The items of all tuples.
  var items: [PickleValue] = []
  /// Each dict's entries in the order they were set.
  var dictionaries: [[Entry]] = []
  /// The items of each list, if they were asked for.
  var lists: [[PickleValue]] = []
  /// What calls would give, if states were asked for.
  var objects: [Object] = []
  /// Every id of what is kept outside the pickle, as often as it is named.
  var persistentIDs: [PickleTuple] = []
  /// The bytes that the pickle takes.
  var byteCount = 0
  /// Names of classes and functions with their modules', such as `collections.OrderedDict`.
  var globals: [String] = []

  /// The items of a tuple.
  func items(of tuple: PickleTuple) -> ArraySlice<PickleValue> {
    items[Int(tuple.start)..<Int(tuple.start) + Int(tuple.count)]
  }

  /// The entries of a value that is a dict.
  func entries(of value: PickleValue) -> [Entry]? {
    guard case .dictionary(let index) = value else { return nil }
    return dictionaries[Int(index)]
  }

  /// The name of a value that is a class or function.
  func globalName(_ value: PickleValue) -> String? {
    guard case .global(let index) = value else { return nil }
    return globals[Int(index)]
  }

  /// What a value is, for messages.
  func kind(of value: PickleValue) -> String {
    switch value {
    case .other: "a number, list, or the like"
    case .bool, .integer: "a number"
    case .text: "a string"
    case .tuple: "a tuple"
    case .dictionary: "a dict"
    case .list: "a list"
    case .global(let index): "the name \(globals[Int(index)].shortened)"
    case .call(let function, _): "an object made by \(globals[Int(function)].shortened)"
    case .object(let index):
      "an object made by \(globals[Int(objects[Int(index)].function)].shortened)"
    case .persistent: "a storage"
    }
  }
}

extension String {
  /// The text, or its beginning if it is long: for messages about names from a file.
  var shortened: String { shortened(to: 100) }

  /// The text, or its beginning if it has more bytes.
  func shortened(to limit: Int) -> String {
    guard utf8.count > limit else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.prefix(limit))) + "..."
  }
}
