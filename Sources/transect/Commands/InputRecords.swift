import Checkpoints
import HDF5
import JSON
import Reports

/// What a result, or a checkpoint that `mix` wrote, says about what it was made from.
struct InputRecords {
  /// One input.
  struct Item {
    /// Its name in the report.
    let label: String
    /// Where to look for it.
    let path: String
    /// Of its content when it was read.
    let digest: String
    /// Whether the digest is that of a model, not of a file's bytes.
    let isCheckpoint: Bool
    /// Whether it lies beside a checkpoint and was not named itself.
    var isCompanion = false
    /// Of its parameters by canonical name, where they are recorded.
    var parameterDigests: [String: String] = [:]
  }

  /// The inputs in their order.
  let items: [Item]
  /// Where to look for each, where those that a command names are elsewhere.
  ///
  /// - Parameter named: as many as there are without companions, or none.
  /// - Returns: a path for each; `nil` if there are not so many.
  func places(_ named: [String]) -> [String]? {
    guard !named.isEmpty else { return items.map(\.path) }
    guard named.count == items.count(where: { !$0.isCompanion }) else { return nil }
    var (rest, owners) = (named[...], [(recorded: String, place: String)]())
    return items.map { item in
      guard item.isCompanion else {
        owners.append((item.path + "/", rest.removeFirst()))
        return owners[owners.count - 1].place
      }
      // Companions follow what they belong to, or all inputs if they are the first one's.
      let owner = ([owners.last].compactMap { $0 } + owners).first {
        item.path.hasPrefix($0.recorded)
      }
      guard let owner, let folder = try? modelFolder(owner.place) else { return item.path }
      return folder + "/" + item.path.dropFirst(owner.recorded.count)
    }
  }

  /// Whether paths are those that were given, not only their last components.
  let arePathsWhole: Bool

  /// Reads the record.
  ///
  /// - Parameters:
  ///   - argument: a result file, or a checkpoint.
  ///   - reading: how checkpoints are opened.
  /// - Throws: `CheckpointError` if it cannot be read, or says nothing of inputs.
  init(of argument: String, _ reading: CheckpointReading) throws {
    guard isHDF5File(argument) else {
      self.init(
        items: try InputRecords.mixed(argument, openCheckpoint(argument, reading).metadata),
        arePathsWhole: false)
      return
    }
    self = try withStoredResult(argument, groups: ["provenance"], InputRecords.init(stored:))
    guard items.allSatisfy({ $0.digest.utf8.count == 64 }) else {
      throw CheckpointError(.malformed, in: argument, "holds no digests of its inputs")
    }
  }

  private init(items: [Item], arePathsWhole: Bool) {
    (self.items, self.arePathsWhole) = (items, arePathsWhole)
  }

  private init(stored: StoredResult) throws {
    let columns = try ["input", "path", "content_digest", "format", "role"].map {
      try stored.texts($0, in: "provenance")
    }
    let count = columns[0].count
    guard columns.allSatisfy({ $0.count == count }) else {
      throw HDF5Error(.foreignFile("holds no digests of its inputs"), group: "provenance")
    }
    let whole = stored.attribute("paths_recorded", of: "provenance")
    let parameterDigests = try InputRecords.parameterDigests(stored, count)
    self.init(
      items: (0..<count).map {
        Item(
          label: columns[0][$0], path: columns[1][$0], digest: columns[2][$0],
          isCheckpoint: columns[3][$0] != "file",
          isCompanion: Provenance.Input.companionRoles.contains(columns[4][$0]),
          parameterDigests: parameterDigests[$0])
      },
      arePathsWhole: whole == .int32([1]))
  }

  /// The digests of each input's parameters; none in results of older versions.
  private static func parameterDigests(
    _ stored: StoredResult, _ count: Int
  ) throws -> [[String: String]] {
    guard let names = try? stored.texts("parameter", in: "provenance") else {
      return Array(repeating: [:], count: count)
    }
    let digests = try stored.texts(
      "parameter_digest", in: "provenance", extents: [names.count, count])
    return (0..<count).map { input in
      let own = names.indices.map { (names[$0], digests[$0 * count + input]) }
      return Dictionary(own.filter { !$0.1.isEmpty }, uniquingKeysWith: { first, _ in first })
    }
  }

  /// The inputs that the recipe in a mixed checkpoint names, to be looked for beside it.
  private static func mixed(
    _ argument: String, _ metadata: [(key: String, value: String)]
  ) throws -> [Item] {
    guard let text = metadata.first(where: { $0.key == "transect" })?.value else {
      throw CheckpointError(
        .unsupported, in: argument,
        "is neither a result file of transect nor a checkpoint that transect mix wrote: it names "
          + "no inputs")
    }
    let folder = place(of: argument)
    let inputs = (try? recipe(text)) ?? []
    guard !inputs.isEmpty, inputs.allSatisfy({ $0.digest.utf8.count == 64 }) else {
      throw CheckpointError(.malformed, in: argument, "its recipe holds no digests of inputs")
    }
    return zip(labels(of: inputs.map(\.name)), inputs).map { label, input in
      Item(label: label, path: folder + input.name, digest: input.digest, isCheckpoint: true)
    }
  }

  /// The folder that holds a file or a folder, with a slash at its end; nothing for the current
  /// one.
  private static func place(of argument: String) -> String {
    guard ![".", ".."].contains(baseName(argument)) else { return argument + "/../" }
    let trimmed = argument.reversed().drop { $0 == "/" }.reversed()
    let folder = folder(of: String(trimmed))
    return folder == "./" ? "" : folder
  }

  private static func recipe(_ text: String) throws -> [(name: String, digest: String)] {
    var inputs: [(name: String, digest: String)] = []
    try JSONScanner.read(Array(text.utf8)) { scanner in
      try scanner.object { scanner, key in
        guard key == "checkpoints" else { return try scanner.skipValue() }
        try scanner.array { scanner in
          var input = (name: "", digest: "")
          try scanner.object { scanner, key in
            switch key {
            case "name": input.name = try scanner.string()
            case "content_digest": input.digest = try scanner.string()
            default: try scanner.skipValue()
            }
          }
          inputs.append(input)
        }
      }
    }
    return inputs
  }
}
