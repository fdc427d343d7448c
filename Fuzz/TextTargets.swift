import CZlib
import JSON

@testable import Journals
@testable import Tokenization

extension FuzzTarget {
  static let texts = [
    FuzzTarget("json", readJSON),
    FuzzTarget("bpe", readMerges),
    FuzzTarget("tokenizer", readTokenizer),
    FuzzTarget("journal", readJournal),
  ]

  private static func readJSON(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    do {
      try JSONScanner.read(Array(bytes)) { scanner in
        guard scanner.peek() == UInt8(ascii: "{") else { return try scanner.skipValue() }
        try scanner.object { scanner, name in
          let text = jsonString(name)
          var again = JSONScanner(Array(text.utf8))
          let isSame = try again.string() == name && again.isAtEnd()
          precondition(isSame, "\(text) is another name")
          if scanner.peek() == UInt8(ascii: "1") { return _ = try scanner.count() }
          _ = try scanner.valueText()
        }
      }
    } catch let fault as JSONScanner.Fault {
      precondition((0...bytes.count).contains(fault.offset) && !fault.detail.isEmpty)
    }
  }

  /// Reads a vocabulary and, after a line's end, the merges that go with it.
  private static func readMerges(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    let end = bytes.firstIndex(of: UInt8(ascii: "\n")) ?? bytes.endIndex
    let merges = Array(bytes[end...].dropFirst())
    let list = Result { try MergeList(parsing: merges, path: "merges.txt") }
    let vocabulary = try Vocabulary(
      parsing: Array(bytes[..<end]), path: "vocab.json", added: (Array("{}".utf8), "added.json"))
    for id in 0..<Int32(vocabulary.count) { precondition(vocabulary.bytes(of: id) != nil) }
    _ = try list.get().table(of: vocabulary)
    // Few inputs have all bytes that a tokenizer needs, so some are added to what is there.
    _ = try ByteLevelTokenizer(
      vocabulary: (allBytes, "vocab.json"), merges: (merges, "merges.txt"),
      added: (Array(bytes[..<end]), "added.json")
    ).encode(merges)
  }

  private static let allBytes: [UInt8] = {
    let members = ByteAlphabet.characters.enumerated().map { "\(jsonString(String($1))):\($0)" }
    return Array("{\(members.joined(separator: ","))}".utf8)
  }()

  /// Reads a `tokenizer.json` of each family, and the settings beside it.
  private static func readTokenizer(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    let bytes = Array(bytes)
    _ = try? TokenizerConfiguration.check(bytes, path: "tokenizer_config.json")
    _ = try? EndOfText.token(in: bytes, path: "tokenizer_config.json")
    _ = try? EndOfText.ids(inModelConfiguration: bytes, path: "config.json")
    _ = try? WordPieceFile(parsing: bytes, path: "tokenizer.json")
    _ = try ByteLevelTokenizer(parsing: bytes, path: "tokenizer.json")
  }

  /// Reads lines as they are, and objects as lines whose checksum is right.
  private static func readJournal(_ bytes: UnsafeBufferPointer<UInt8>) throws {
    for line in bytes.split(separator: UInt8(ascii: "\n")) {
      _ = JournalLine(Array(line)[...])
      let digits = String(
        crc32_z(0, line.base.baseAddress.map { $0 + line.startIndex }, line.count), radix: 16)
      let sum = String(repeating: "0", count: 8 - digits.count) + digits
      guard let read = JournalLine((Array("\(sum) ".utf8) + line)[...]) else { continue }
      let text = Array(read.text.utf8).dropLast()
      precondition(JournalLine(text) != nil, "a line that is not read again")
    }
  }
}
