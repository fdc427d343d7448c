/// What a file holds, as found by ``ImageReader``: facts without judgement.
struct FoundFile {
  /// The groups, the root first.
  var groups: [FoundGroup] = []
  /// The datasets of all groups.
  var datasets: [FoundDataset] = []
  /// Links and objects that are neither a group nor a dataset met for the first time.
  var strays: [(path: String, what: String)] = []
  /// The path of each object by its address in the file.
  var paths: [UInt: String] = [:]

  /// The dataset at `path`, if there is one.
  func dataset(at path: String) -> FoundDataset? { datasets.first { $0.path == path } }

  /// The group at `path`, if there is one.
  func group(at path: String) -> FoundGroup? { groups.first { $0.path == path } }
}

/// What was found of one group.
struct FoundGroup {
  /// The path from the root, which is `/`.
  var path: String
  /// The attributes, by name.
  var attributes: [FoundAttribute]
  /// Whether links and attributes keep their order and no times are stored.
  var creation: FoundCreation
}

/// What was found of one dataset.
struct FoundDataset {
  /// The path from the root.
  var path: String
  /// The type of the elements in the file.
  var type: FoundType
  /// The extents, outermost first; `nil` if the dataspace is null.
  var extents: [Int]?
  /// Where the elements lie, if not in the file itself.
  var foreignStorage: String?
  /// Whether a fill value is set and is NaN.
  var fillIsNaN: Bool
  /// The name by which the dataset calls itself a scale; `nil` if it is none.
  var scaleName: String?
  /// For each dimension the addresses of its scales; `nil` where they cannot be followed.
  var scales: [[UInt]?]
  /// The attributes, by name.
  var attributes: [FoundAttribute]
  /// Whether attributes keep their order and no times are stored.
  var creation: FoundCreation
  /// The elements, if they are text or codes; numbers are not read.
  var values: ResultValues?

  /// Whether the dataset labels a dimension.
  var isScale: Bool { scaleName != nil }
  /// The path up to the name, with its last slash.
  var folder: String { String(path[...(path.lastIndex(of: "/") ?? path.startIndex)]) }
  /// The path's last component.
  var name: String { String(path.dropFirst(folder.count)) }
}

/// What was found of one attribute.
struct FoundAttribute {
  /// The attribute's name.
  var name: String
  /// The type of the elements in the file.
  var type: FoundType
  /// The extents, `[]` for a single value; `nil` if the dataspace is null.
  var extents: [Int]?
  /// The elements, if the schema knows their type; 32-bit floats are widened.
  var values: ResultValues?

  /// The value of a single text.
  var text: String? {
    if extents == [], case .text(let texts)? = values { texts.first } else { nil }
  }
}

extension [FoundAttribute] {
  /// The attribute of that name, if there is one.
  subscript(name: String) -> FoundAttribute? { first { $0.name == name } }
}

/// A type in a file.
enum FoundType: Equatable {
  /// One that the schema knows.
  case known(StoredType)
  /// Another, in words.
  case other(String)

  /// The type in words.
  var description: String {
    switch self {
    case .known(let type): "\(type)"
    case .other(let words): words
    }
  }
}

/// What an object was told to keep when it was made.
struct FoundCreation {
  /// Whether attributes keep their order.
  var ordersAttributes: Bool
  /// Whether links keep their order; true for a dataset, which has none.
  var ordersLinks: Bool
  /// Whether times of creation and change are stored.
  var storesTimes: Bool
}
