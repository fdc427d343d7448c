import Models
import Testing

@Suite struct KeyValueCacheTests {
  private static let variants: [SmallGPT2] = [
    SmallGPT2(context: 70),
    SmallGPT2(layers: 1, heads: 1, headWidth: 1, inner: 1, words: 2),
    SmallGPT2(heads: 3, headWidth: 35, inner: 61, context: 40, hasHead: true),
    SmallGPT2(layers: 3, settings: ["scale_attn_by_inverse_layer_idx": "true"]),
  ]

  /// Reads each sequence in pieces, together with the next piece of all others.
  private func read(
    _ sequences: [[Int32]], pieces: [Int], _ model: GPT2, capacity: Int
  ) throws -> [[[Float]]] {
    let cache = KeyValueCache(
      model.configuration, sequences: sequences.count, capacity: capacity)
    var found = sequences.map { _ in [[Float]]() }
    for piece in pieces {
      let additions = sequences.indices.compactMap { index -> (sequence: Int, tokens: [Int32])? in
        let rest = sequences[index].dropFirst(cache.lengths[index]).prefix(piece)
        return rest.isEmpty ? nil : (index, Array(rest))
      }
      let logits = try model.extend(cache, by: additions) { Array($1.values) }
      for (addition, row) in zip(additions, logits) { found[addition.sequence].append(row) }
    }
    return found
  }

  @Test("Logits are bit for bit those of reading everything again", arguments: variants)
  func sameBits(small: SmallGPT2) throws {
    for precision in Precision.allCases {
      let model = try small.model(seed: 1, precision)
      let tokens = small.tokens(small.context, seed: 2)
      let words = small.words
      let all = try model.logits(after: tokens.indices, of: tokens)
      let pieces = [5, 1, 1, 6] + Array(repeating: 1, count: small.context - 13)
      let found = try read([tokens], pieces: pieces, model, capacity: small.context)[0]
      var end = 0
      for (piece, row) in zip(pieces, found) {
        end += piece
        #expect(row == Array(all[(end - 1) * words..<end * words]))
      }
    }
  }

  @Test("Sequences of different lengths have the bits that each has alone")
  func company() throws {
    let small = SmallGPT2(context: 50)
    let model = try small.model(seed: 3)
    let sequences = (1...14).map { small.tokens($0 * 3, seed: UInt64($0)) }
    let pieces = [4] + Array(repeating: 1, count: 38)
    let together = try read(sequences, pieces: pieces, model, capacity: 45)
    for (index, sequence) in sequences.enumerated() {
      #expect(try read([sequence], pieces: pieces, model, capacity: 42)[0] == together[index])
    }
  }

  @Test("A copy goes on as the original would, and an emptied sequence begins anew")
  func copies() throws {
    let small = SmallGPT2()
    let model = try small.model(seed: 4)
    let cache = KeyValueCache(model.configuration, sequences: 2, capacity: 8)
    let start = small.tokens(5, seed: 1)
    let first = try model.extend(cache, by: [(0, start)]) { Array($1.values) }
    cache.copy(0, to: 1)
    let next = try model.extend(cache, by: [(0, [3]), (1, [3])]) { Array($1.values) }
    #expect(next[0] == next[1] && cache.lengths == [6, 6])
    cache.empty(1)
    #expect(try model.extend(cache, by: [(1, start)]) { Array($1.values) } == first)
  }

  @Test("A token that the vocabulary does not have is refused")
  func unknownToken() throws {
    let model = try SmallGPT2().model(seed: 1)
    let cache = KeyValueCache(model.configuration, sequences: 1, capacity: 2)
    #expect(throws: ModelError.self) { try model.extend(cache, by: [(0, [99])]) { _, _ in } }
    #expect(cache.lengths == [0])
  }
}
