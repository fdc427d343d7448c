import CLayers

/// Keys and values of what a model has read of several sequences, so that it need not read them
/// again for the next token.
///
/// Each sequence has room for as many positions; how many it has read is its own.
///
/// - Note: One thread at a time. It is of one model's weights: empty it when others are loaded.
public final class KeyValueCache: SequenceCache {
  /// The most positions of a sequence.
  public let capacity: Int
  /// How many positions of each sequence have been read.
  public private(set) var lengths: [Int]

  /// Floats of one layer of a sequence.
  private let layerSize: Int
  private let layerCount: Int
  /// [sequences, layers, layerSize].
  private let buffer: AlignedBuffer<Float>
  private var activations: LayerActivations?
  private var activationPositions = 0
  private var logits = AlignedBuffer<Float>(count: 0)

  /// Allocates room for sequences of which nothing has been read.
  ///
  /// - Parameters:
  ///   - configuration: that of the model.
  ///   - sequences: how many there are.
  ///   - capacity: the most positions of each, at most the model's context.
  public init(_ configuration: GPT2Configuration, sequences: Int, capacity: Int) {
    precondition(sequences >= 0 && 0...configuration.contextLength ~= capacity)
    self.capacity = capacity
    lengths = Array(repeating: 0, count: sequences)
    layerCount = configuration.layerCount
    layerSize = KeyValueCache.layerSize(configuration, capacity: capacity)
    buffer = AlignedBuffer(count: sequences * layerCount * layerSize)
  }

  /// The memory that keys and values of one sequence take.
  ///
  /// - Parameters:
  ///   - configuration: that of the model.
  ///   - capacity: the most positions.
  /// - Returns: bytes.
  public static func byteCount(_ configuration: GPT2Configuration, capacity: Int) -> Int {
    configuration.layerCount * layerSize(configuration, capacity: capacity)
      * MemoryLayout<Float>.stride
  }

  /// Lets a sequence begin as another does.
  ///
  /// - Parameters:
  ///   - source: the sequence that has been read.
  ///   - target: what it has read is forgotten.
  public func copy(_ source: Int, to target: Int) {
    lengths[target] = lengths[source]
    guard source != target else { return }
    let size = layerCount * layerSize
    (buffer.pointer + target * size).update(from: buffer.pointer + source * size, count: size)
  }

  /// Forgets what has been read of a sequence.
  ///
  /// - Parameter sequence: which.
  public func empty(_ sequence: Int) { lengths[sequence] = 0 }

  private static func layerSize(_ configuration: GPT2Configuration, capacity: Int) -> Int {
    attention_cache_size(capacity, configuration.headCount, configuration.headWidth)
  }

  /// Notes that positions have been read.
  fileprivate func advance(_ sequence: Int, by count: Int) { lengths[sequence] += count }

  /// Keys and values of one layer of a sequence.
  fileprivate func panels(_ sequence: Int, layer: Int) -> UnsafeMutablePointer<Float> {
    buffer.pointer + (sequence * layerCount + layer) * layerSize
  }

  /// What to compute in, kept from one call to the next.
  fileprivate func activations(_ model: GPT2, positions: Int) -> LayerActivations {
    if let activations, positions <= activationPositions { return activations }
    let made = LayerActivations(model.configuration, positions: positions)
    (activations, activationPositions) = (made, positions)
    return made
  }

  /// Room for logits, kept from one call to the next.
  fileprivate func logits(count: Int) -> UnsafeMutablePointer<Float> {
    if count > logits.count { logits = AlignedBuffer(count: count) }
    return logits.pointer
  }
}

extension GPT2 {
  /// Makes room for sequences of which nothing has been read.
  ///
  /// - Parameters:
  ///   - sequences: how many there are.
  ///   - capacity: the most positions of each, at most the context.
  /// - Returns: a cache for one thread.
  public func makeCache(sequences: Int, capacity: Int) -> KeyValueCache {
    KeyValueCache(configuration, sequences: sequences, capacity: capacity)
  }

  /// The memory that keys and values of one sequence take.
  ///
  /// - Parameter capacity: the most positions.
  /// - Returns: bytes.
  public func cacheByteCount(capacity: Int) -> Int {
    KeyValueCache.byteCount(configuration, capacity: capacity)
  }

  /// Reads the next tokens of sequences, and gives what it expects after the last of each; see
  /// ``CausalLanguageModel``.
  ///
  /// - Parameters:
  ///   - cache: holds what was read before, and takes what is read now.
  ///   - additions: sequences of the cache, none twice, each with at least one token.
  ///   - body: takes the place of an addition and what is expected after it.
  /// - Returns: what `body` returns, for each addition.
  /// - Throws: ``ModelError`` if a token is not in the vocabulary; what `body` throws.
  /// - Precondition: the cache has room.
  /// - Complexity: about 2 operations for each weight of the layers and each token, and for each
  ///   weight of the head and each addition.
  public func extend<Value>(
    _ cache: KeyValueCache, by additions: [(sequence: Int, tokens: [Int32])],
    _ body: (_ addition: Int, _ next: NextTokenLogits) throws -> Value
  ) throws -> [Value] {
    let (logits, words) = (try read(additions, into: cache), configuration.vocabularySize)
    return try additions.indices.map { index in
      let row = UnsafeMutableBufferPointer(start: logits + index * words, count: words)
      return try body(index, NextTokenLogits(row))
    }
  }

  /// Reads the next tokens of sequences.
  ///
  /// - Returns: logits after the last of each, [additions, vocabulary], which last until the cache is
  ///   read into again.
  func read(
    _ additions: [(sequence: Int, tokens: [Int32])], into cache: KeyValueCache
  ) throws -> UnsafeMutablePointer<Float> {
    var batch = TokenBatch()
    for (index, addition) in additions.enumerated() {
      let (tokens, length) = (addition.tokens, cache.lengths[addition.sequence])
      precondition(!tokens.isEmpty && length + tokens.count <= cache.capacity)
      try requireReadable(tokens, reading: tokens.count, as: "addition \(index)")
      batch.add(tokens, after: length, keeping: CollectionOfOne(tokens.count - 1))
    }
    let work = cache.activations(self, positions: batch.tokens.count)
    run(batch, in: work) { layer, window in
      attend(onward: cache, additions[window].sequence, layer, batch.windows[window], in: work)
    }
    for addition in additions { cache.advance(addition.sequence, by: addition.tokens.count) }
    let logits = cache.logits(count: additions.count * configuration.vocabularySize)
    computeLogits(additions.indices, in: work, into: logits)
    return logits
  }

  private func attend(
    onward cache: KeyValueCache, _ sequence: Int, _ layer: Int, _ rows: Range<Int>,
    in work: LayerActivations
  ) {
    let width = configuration.width
    attention(
      qkv: work.wide.pointer + rows.lowerBound * 3 * width, after: cache.lengths[sequence],
      count: rows.count, capacity: cache.capacity, heads: configuration.headCount,
      headWidth: configuration.headWidth, cache: cache.panels(sequence, layer: layer),
      into: work.input.pointer + rows.lowerBound * width, scratch: work.scratch)
  }
}
