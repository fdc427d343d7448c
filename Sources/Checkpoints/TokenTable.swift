import JSON
import Tensors

/// Which token has which number, as the files beside a checkpoint say.
///
/// Read from the first that is there of `vocab.json` (an object of tokens and numbers), `vocab.txt`
/// (a token a line, numbered from 0) and `tokenizer.json` (the member `vocab` of `model`, an object
/// as above or a list of pairs that begin with a token); then tokens that were added later, from
/// `added_tokens.json` (an object) and the member `added_tokens` of `tokenizer.json` (a list of objects
/// with `content` and `id`).
///
/// Source: the files that `transformers` and `tokenizers` write.
public struct TokenTable: Sendable {
  /// The file it was read from.
  public let path: String
  /// The number of each token; tokens are told apart by their bytes.
  public let numbers: [TensorName: Int]
  /// The digest of `merges.txt` without its comment, by which byte pair encoding splits words; `nil` if
  /// there is none.
  public let merges: ContentDigest?

  private static let byteLimit = 1 << 27

  /// Reads the table beside a checkpoint's file, or returns `nil` if there is none.
  ///
  /// - Parameter checkpoint: a checkpoint that was opened from a file.
  /// - Throws: ``CheckpointError`` if a file is there and cannot be understood, or has more than
  ///   128 MiB.
  public init?(beside checkpoint: any Checkpoint) throws {
    let readers: [(String, ([UInt8], String) throws -> [TensorName: Int])] = [
      ("vocab.json", TokenTable.object), ("vocab.txt", TokenTable.lines),
      ("tokenizer.json", TokenTable.tokenizer),
    ]
    for (name, read) in readers {
      let limit = TokenTable.byteLimit
      guard let file = try companion(name, of: checkpoint, limit: limit) else { continue }
      let own = try read(file.bytes, file.path)
      (path, numbers) = (file.path, own.merging(try TokenTable.added(beside: checkpoint)) { $1 })
      merges = try TokenTable.merges(beside: checkpoint)
      return
    }
    return nil
  }

  private static func merges(beside checkpoint: any Checkpoint) throws -> ContentDigest? {
    try companion("merges.txt", of: checkpoint, limit: byteLimit).map { file in
      let lines = file.bytes.split { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }
      let rules = lines.filter { !$0.starts(with: Array("#version".utf8)) }
      return ContentDigest(ofBytes: Array(rules.joined(separator: [UInt8(ascii: "\n")])))
    }
  }

  private static func added(beside checkpoint: any Checkpoint) throws -> [TensorName: Int] {
    var numbers: [TensorName: Int] = [:]
    if let file = try companion("added_tokens.json", of: checkpoint, limit: byteLimit) {
      numbers = try object(file.bytes, file.path)
    }
    guard let file = try companion("tokenizer.json", of: checkpoint, limit: byteLimit) else {
      return numbers
    }
    try JSONScanner.read(file.bytes, path: file.path) { scanner in
      try scanner.object { scanner, member in
        guard member == "added_tokens" else { return try scanner.skipValue() }
        guard !scanner.null() else { return }
        try scanner.array { try addToken(&$0, to: &numbers) }
      }
    }
    return numbers
  }

  /// `{"id": 50257, "content": "<pad>", …}`.
  private static func addToken(
    _ scanner: inout JSONScanner, to numbers: inout [TensorName: Int]
  ) throws {
    var (number, content): (Int?, String?)
    try scanner.object { scanner, member in
      switch member {
      case "id": number = try scanner.count()
      case "content": content = try scanner.string()
      default: try scanner.skipValue()
      }
    }
    guard let number, let content else {
      throw scanner.fault("an added token without id or content")
    }
    numbers[TensorName(content)] = number
  }

  private static func object(_ bytes: [UInt8], _ path: String) throws -> [TensorName: Int] {
    var numbers: [TensorName: Int] = [:]
    try JSONScanner.read(bytes, path: path) { numbers = try object(&$0) }
    return numbers
  }

  private static func object(_ scanner: inout JSONScanner) throws -> [TensorName: Int] {
    var numbers: [TensorName: Int] = [:]
    try scanner.object { scanner, token in numbers[TensorName(token)] = try scanner.count() }
    return numbers
  }

  private static func lines(_ bytes: [UInt8], _ path: String) -> [TensorName: Int] {
    var numbers: [TensorName: Int] = [:]
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    for (number, line) in lines.enumerated() where number + 1 < lines.count || !line.isEmpty {
      let text = line.last == UInt8(ascii: "\r") ? line.dropLast() : line
      numbers[TensorName(String(decoding: text, as: UTF8.self))] = number
    }
    return numbers
  }

  private static func tokenizer(_ bytes: [UInt8], _ path: String) throws -> [TensorName: Int] {
    var numbers: [TensorName: Int] = [:]
    try JSONScanner.read(bytes, path: path) { scanner in
      try scanner.object { scanner, member in
        guard member == "model" else { return try scanner.skipValue() }
        try scanner.object { scanner, part in
          guard part == "vocab" else { return try scanner.skipValue() }
          let isObject = scanner.peek() == UInt8(ascii: "{")
          numbers = isObject ? try object(&scanner) : try pairs(&scanner)
        }
      }
    }
    return numbers
  }

  /// `[["token", score], …]`, numbered from 0, as unigram models have them.
  private static func pairs(_ scanner: inout JSONScanner) throws -> [TensorName: Int] {
    var (numbers, number) = ([TensorName: Int](), 0)
    try scanner.array { scanner in
      var isToken = true
      try scanner.array { scanner in
        if isToken {
          numbers[TensorName(try scanner.string())] = number
        } else {
          try scanner.skipValue()
        }
        isToken = false
      }
      number += 1
    }
    return numbers
  }
}
