/// What one thread runs the members of ensembles in.
final class EnsembleActivations {
  private let members: [GPT2]
  /// Of members that have a coefficient other than 0 at some point.
  private let activations: [Int: LayerActivations]
  /// Of the same members, [rows, vocabulary].
  private let logits: [Int: AlignedBuffer<Float>]
  /// [vocabulary].
  private let row: AlignedBuffer<Float>
  private let words: Int

  init(_ members: [GPT2], at points: [[Double]], positions: Int) {
    let running = members.indices.filter { member in points.contains { $0[member] != 0 } }
    (self.members, words) = (members, members[0].vocabularySize)
    let words = words
    func each<Value>(_ make: (Int) -> Value) -> [Int: Value] {
      Dictionary(uniqueKeysWithValues: running.map { ($0, make($0)) })
    }
    activations = each { LayerActivations(members[$0].configuration, positions: positions) }
    logits = each { _ in AlignedBuffer(count: TokenBatch.rowsAtOnce * words) }
    row = AlignedBuffer(count: words)
  }

  /// The memory that it takes.
  static func byteCount(_ members: [GPT2], positions: Int) -> Int {
    let words = (members.count * TokenBatch.rowsAtOnce + 1) * members[0].vocabularySize
    return members.reduce(words * MemoryLayout<Float>.stride) {
      $0 + $1.scratchByteCount(positions: positions)
    }
  }

  /// Takes a batch through the layers of each member.
  func run(_ batch: TokenBatch) {
    for (member, work) in activations { members[member].run(batch, in: work) }
  }

  /// What ensembles make of the targets of a batch that was run: [rows][points], in nats.
  func negativeLogLikelihoods(of batch: TokenBatch, at points: [[Double]]) -> [[Float]] {
    var found = batch.kept.map { _ in points.map { _ in Float.nan } }
    for (place, point) in points.enumerated() {
      guard let (member, work) = onlyMember(at: point) else { continue }
      let numbers = members[member].negativeLogLikelihoods(ofRun: batch, in: work)
      for (row, number) in numbers.enumerated() { found[row][place] = number }
    }
    let sums = points.indices.filter { onlyMember(at: points[$0]) == nil }
    guard !sums.isEmpty else { return found }
    batch.forEachPiece { rows in
      computeLogits(rows)
      for row in rows {
        for place in sums {
          sum(row - rows.lowerBound, at: points[place], into: self.row.pointer)
          logSoftmax(self.row.pointer, count: words)
          found[row][place] = -self.row.pointer[Int(batch.targets[row])]
        }
      }
    }
    return found
  }

  /// The logits of an ensemble after each kept row of a batch that was run.
  func logits(of batch: TokenBatch, at coefficients: [Double]) -> [[Float]] {
    var found: [[Float]] = []
    batch.forEachPiece { rows in
      computeLogits(rows)
      for row in rows {
        found.append(
          [Float](unsafeUninitializedCapacity: words) { z, initialized in
            guard let first = z.baseAddress else { return }
            sum(row - rows.lowerBound, at: coefficients, into: first)
            initialized = words
          })
      }
    }
    return found
  }

  /// The member that an ensemble is, if it is one of coefficient 1.
  private func onlyMember(at point: [Double]) -> (Int, LayerActivations)? {
    let running = point.indices.filter { point[$0] != 0 }
    guard running.count == 1, point[running[0]] == 1 else { return nil }
    return activations[running[0]].map { (running[0], $0) }
  }

  private func computeLogits(_ rows: Range<Int>) {
    for (member, work) in activations {
      guard let logits = logits[member] else { continue }
      members[member].computeLogits(rows, in: work, into: logits.pointer)
    }
  }

  private func sum(_ row: Int, at point: [Double], into z: UnsafeMutablePointer<Float>) {
    let terms = point.indices.compactMap { member -> (Double, UnsafePointer<Float>)? in
      guard point[member] != 0, let logits = logits[member] else { return nil }
      return (point[member], UnsafePointer(logits.pointer + row * words))
    }
    sumLogits(terms, count: words, into: z)
  }
}
