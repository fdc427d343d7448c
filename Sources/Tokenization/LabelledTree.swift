/// A tree in brackets with a label at each node: `(3 (2 It) (2 works))`.
///
/// Source: the Penn Treebank's bracketing as the Stanford Sentiment Treebank uses it (Socher et al.
/// 2013, "Recursive Deep Models for Semantic Compositionality Over a Sentiment Treebank").
struct LabelledTree {
  private let bytes: [UInt8]
  private var position = 0
  private let path: String
  private let line: Int

  private static let brackets: [String: String] = [
    "-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}",
  ]

  /// One node: its label, and its words with a blank between each two.
  struct Node {
    let label: String
    let text: [UInt8]
  }

  /// The words of a tree with a blank between each two, brackets and slashes as they are in print.
  ///
  /// - Throws: ``TokenizationError`` naming the byte at which the line is no such tree.
  static func words(of bytes: [UInt8], path: String, line: Int) throws -> [UInt8] {
    try nodes(of: bytes, path: path, line: line).last?.text ?? []
  }

  /// All nodes of a tree, those within a node before it, so that the last is the whole.
  ///
  /// - Throws: ``TokenizationError`` naming the byte at which the line is no such tree.
  static func nodes(of bytes: [UInt8], path: String, line: Int) throws -> [Node] {
    var tree = LabelledTree(bytes: bytes, path: path, line: line)
    return try tree.nodes()
  }

  private init(bytes: [UInt8], path: String, line: Int) {
    (self.bytes, self.path, self.line) = (bytes, path, line)
  }

  private mutating func nodes() throws -> [Node] {
    var (text, nodes) = ([UInt8](), [Node]())
    // Labels of nodes that have begun, and where their texts do.
    var open: [(label: String, start: Int)] = []
    repeat {
      skipBlanks()
      if open.isEmpty || peek() != UInt8(ascii: ")") {
        open.append((try label(), text.count))
        guard let word = try word() else { continue }
        if !text.isEmpty { text.append(UInt8(ascii: " ")) }
        text += LabelledTree.printed(word)
      }
      position += 1
      let (label, start) = open.removeLast()
      nodes.append(Node(label: label, text: Array(text[(start == 0 ? 0 : start + 1)...])))
    } while !open.isEmpty
    skipBlanks()
    guard position == bytes.count else { throw fault("expected the end of the line") }
    return nodes
  }

  /// Reads the beginning of a node.
  private mutating func label() throws -> String {
    guard peek() == UInt8(ascii: "(") else { throw fault("expected '('") }
    position += 1
    let label = take { !isBlank($0) && !isBracket($0) }
    guard !label.isEmpty else { throw fault("expected a label") }
    skipBlanks()
    return String(decoding: label, as: UTF8.self)
  }

  /// Reads the word of a node up to its bracket, or nothing if the node has others within.
  private mutating func word() throws -> ArraySlice<UInt8>? {
    if peek() == UInt8(ascii: "(") { return nil }
    let word = take(while: { !isBracket($0) })
    guard !word.isEmpty else { throw fault("expected a word or a node") }
    guard peek() == UInt8(ascii: ")") else { throw fault("expected ')'") }
    return word
  }

  /// A word without the escapes of the Penn Treebank.
  private static func printed(_ word: ArraySlice<UInt8>) -> [UInt8] {
    if let bracket = brackets[String(decoding: word, as: UTF8.self)] { return Array(bracket.utf8) }
    let isEscape = { (index: Int) in
      word[index] == UInt8(ascii: "\\") && index + 1 < word.endIndex
        && (word[index + 1] == UInt8(ascii: "/") || word[index + 1] == UInt8(ascii: "*"))
    }
    return word.indices.filter { !isEscape($0) }.map { word[$0] }
  }

  private func peek() -> UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipBlanks() { _ = take(while: isBlank) }

  private mutating func take(while belongs: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    let rest = bytes[position...].prefix(while: belongs)
    position = rest.endIndex
    return rest
  }

  private func fault(_ detail: String) -> TokenizationError {
    TokenizationError(.malformed, in: path, line: line, "byte \(position): \(detail)")
  }
}

private func isBracket(_ byte: UInt8) -> Bool {
  byte == UInt8(ascii: "(") || byte == UInt8(ascii: ")")
}
