import Checkpoints

/// The finished rows of a run from the journals of all processes that worked on it.
public struct MergedRows: Sendable {
  /// What tells the run from others.
  public let run: String
  /// What the result is made from besides rows: the row that every shard begins with.
  public let plan: String
  /// JSON by key.
  public let rows: [String: String]
  /// Keys of rows that journals have with different numbers, as processors of different kinds give
  /// them; ``rows`` has the one of the first file.
  public let contradictions: [String]

  /// The key of the row that says what a run's result is made from.
  public static let planKey = "plan"

  /// Reads journals.
  ///
  /// - Parameter paths: files of journals, or folders that hold them, at least one. If they hold the
  ///   rows of results of several plans, as of a coarse grid and a fine one, the result is that of
  ///   the first, if it is a file.
  /// - Throws: `OutputError` if a file cannot be read, has no plan, or is of another run than the
  ///   first.
  public init(_ paths: [String]) throws {
    var merger = Merger()
    for (position, path) in paths.enumerated() {
      let files = try MergedRows.files(path)
      for file in files {
        try merger.add(file, decides: position == 0 && files == [path])
      }
    }
    guard let run = merger.run, let plan = merger.plan else {
      throw OutputError(paths[0], because: "holds no journal of a shard")
    }
    (self.run, self.plan, rows) = (run, plan, merger.rows)
    contradictions = merger.contradictions.sorted()
  }

  private static func files(_ path: String) throws -> [String] {
    path.hasSuffix(".jsonl") ? [path] : try Journal.files(in: path)
  }
}

private struct Merger {
  var run: String?
  var plan: String?
  var rows: [String: String] = [:]
  var contradictions: Set<String> = []
  private var isDecided = false
  private var first = ""

  mutating func add(_ file: String, decides: Bool) throws {
    let bytes = try Journal.bytes(of: file)
    for line in bytes.split(separator: UInt8(ascii: "\n")).compactMap(JournalLine.init) {
      switch line {
      case .header(let name): try begin(name, file)
      case .row(MergedRows.planKey, let text): try take(plan: text, file, decides: decides)
      case .row(let key, let value): take(key, value)
      }
    }
  }

  private mutating func begin(_ name: String, _ file: String) throws {
    guard run ?? name == name else {
      throw OutputError(
        file, because: "is of a run with other inputs or options than that of \(first)")
    }
    if run == nil { (run, first) = (name, file) }
  }

  private mutating func take(plan text: String, _ file: String, decides: Bool) throws {
    guard plan ?? text == text || isDecided else {
      throw OutputError(
        file,
        because:
          "belongs to another command than \(first), with the same inputs: name a journal of "
          + "the command wanted before all others")
    }
    plan = plan ?? text
    isDecided = isDecided || decides
  }

  private mutating func take(_ key: String, _ value: String) {
    if let known = rows[key] {
      if known != value { contradictions.insert(key) }
    } else {
      rows[key] = value
    }
  }
}
