import Checkpoints
import Tensors

/// For each parameter of a family of models, what its axes stand for.
///
/// Written as text, one parameter a line, `*` for any one component of a name:
///
///     h.*.attn.c_attn.weight = residual, query+key+value after h.*.ln_1.weight
///
/// Axes are separated by commas; `+` joins parts of equal length that share an axis. `after`
/// names the gain of the normalization whose output the parameter multiplies. Lines of one or two
/// words are directives: `rotary` (queries and keys are rotated by position, so that their
/// dimensions cannot be exchanged), `heads 8`, `key-value-heads 4`. `#` begins a comment.
public struct AxisMap: Sendable {
  /// The family's name, or the file the map was read from.
  public let family: String
  /// Whether queries and keys are rotated by position.
  public let hasRotaryPositions: Bool
  /// The number of heads, if the map says it.
  public let heads: AttentionHeads?
  private let rules: [Rule]

  /// One line of a map.
  private struct Rule: Sendable {
    let pattern: [Substring]
    let axes: [[AxisRole]]
    let gain: [Substring]?

    func matches(_ name: [Substring]) -> Bool {
      pattern.count == name.count && zip(pattern, name).allSatisfy { $0 == "*" || $0 == $1 }
    }
  }

  /// Reads a map.
  ///
  /// - Parameters:
  ///   - text: lines as described above.
  ///   - family: what to call it, in errors too.
  /// - Throws: ``CheckpointError`` naming the first line that is none of these.
  public init(parsing text: String, family: String) throws {
    var parser = Parser(family: family)
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      try parser.read(line.prefix { $0 != "#" }, number: number + 1)
    }
    guard !parser.rules.isEmpty else {
      throw CheckpointError(.malformed, in: family, "the map names no parameter")
    }
    (self.family, rules) = (family, parser.rules)
    (hasRotaryPositions, heads) = (parser.isRotary, try parser.heads())
  }

  /// What the axes of a parameter stand for, outermost first, or `nil` if the map does not know it.
  ///
  /// - Parameter name: a canonical name.
  /// - Returns: for each axis the roles that share it, in order, each with an equal part.
  public func axes(of name: TensorName) -> [[AxisRole]]? { rule(for: name)?.axes }

  /// The canonical name of the gain whose normalization feeds a parameter, if the map tells one.
  ///
  /// - Parameter name: a canonical name; what its wildcards stand for fills those of the gain.
  /// - Returns: the gain's canonical name.
  public func gain(before name: TensorName) -> TensorName? {
    guard let rule = rule(for: name), let gain = rule.gain else { return nil }
    let filled = zip(rule.pattern, AxisMap.components(of: name)).filter { $0.0 == "*" }.map(\.1)
    var fillings = filled.makeIterator()
    let parts = gain.map { $0 == "*" ? fillings.next() ?? "*" : $0 }
    return TensorName(parts.joined(separator: "."))
  }

  /// Where in the map a parameter's line stands; maps list a layer's parameters in the order in
  /// which data passes them.
  func position(of name: TensorName) -> Int? {
    let components = AxisMap.components(of: name)
    return rules.firstIndex { $0.matches(components) }
  }

  /// How many of some parameters the map knows.
  func coverage(of parameters: ParameterList) -> Int {
    parameters.parameters.count { axes(of: $0.name.canonical) != nil }
  }

  private func rule(for name: TensorName) -> Rule? {
    position(of: name).map { rules[$0] }
  }

  private static func components(of name: TensorName) -> [Substring] {
    name.text.split(separator: ".", omittingEmptySubsequences: false)
  }
}

extension AxisMap {
  /// Collects the lines of a map.
  private struct Parser {
    let family: String
    var rules: [Rule] = []
    var isRotary = false
    private var queryHeads: Int?
    private var keyValueHeads: Int?

    init(family: String) { self.family = family }

    mutating func read(_ line: Substring, number: Int) throws {
      let sides = line.split(separator: "=", omittingEmptySubsequences: false)
      let words = line.split(whereSeparator: \.isWhitespace)
      switch (sides.count, words.count) {
      case (_, 0): return
      case (2, _): rules.append(try rule(sides[0], sides[1], number))
      case (1, 1) where words[0] == "rotary": isRotary = true
      case (1, 2) where words[0] == "heads": queryHeads = try count(words[1], number)
      case (1, 2) where words[0] == "key-value-heads": keyValueHeads = try count(words[1], number)
      default: throw fault(number, "is neither a parameter nor a directive")
      }
    }

    func heads() throws -> AttentionHeads? {
      guard let queryHeads else { return nil }
      guard let heads = AttentionHeads(query: queryHeads, keyValue: keyValueHeads) else {
        throw CheckpointError(
          .malformed, in: family,
          "\(queryHeads) heads cannot share \(keyValueHeads ?? 0) key-value heads")
      }
      return heads
    }

    private func rule(_ name: Substring, _ meaning: Substring, _ number: Int) throws -> Rule {
      let names = name.split(whereSeparator: \.isWhitespace)
      let words = meaning.split { $0.isWhitespace || $0 == "," }
      let gain = words.firstIndex(of: "after")
      guard names.count == 1, gain.map({ $0 == words.count - 2 }) ?? true else {
        throw fault(number, "should be: name = role, role after gain")
      }
      let axes = try words[..<(gain ?? words.count)].map { try roles($0, number) }
      guard !axes.isEmpty else { throw fault(number, "names no axis") }
      return Rule(
        pattern: AxisMap.components(of: TensorName(String(names[0]))), axes: axes,
        gain: gain.map { AxisMap.components(of: TensorName(String(words[$0 + 1]))) })
    }

    private func roles(_ text: Substring, _ number: Int) throws -> [AxisRole] {
      try text.split(separator: "+", omittingEmptySubsequences: false).map { word in
        guard let role = AxisRole(rawValue: String(word)) else {
          let known = AxisRole.allCases.map(\.rawValue).joined(separator: ", ")
          throw fault(number, "'\(word)' is no role of an axis; roles are \(known)")
        }
        return role
      }
    }

    private func count(_ text: Substring, _ number: Int) throws -> Int {
      guard let value = Int(text), value > 0 else {
        throw fault(number, "'\(text)' is no positive number")
      }
      return value
    }

    private func fault(_ number: Int, _ detail: String) -> CheckpointError {
      CheckpointError(.malformed, in: family, "line \(number) of the map \(detail)")
    }
  }
}
