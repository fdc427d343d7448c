import JSON
import Tensors

/// Which token has which number, as the files beside a checkpoint say.
///
/// Read from the first that is there of `vocab.json` (an object of tokens and numbers), `vocab.txt`
/// (a token a line, numbered from 0) and `tokenizer.json` (the member `vocab` of `model`, an object
/// as above or a list of pairs that begin with a token).
///
/// Source: the files that `transformers` and `tokenizers` write.
public struct TokenTable: Sendable {
  /// The file it was read from.
  public let path: String
  /// The number of each token; tokens are told apart by their bytes.
  public let numbers: [TensorName: Int]

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
      (path, numbers) = (file.path, try read(file.bytes, file.path))
      return
    }
    return nil
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
