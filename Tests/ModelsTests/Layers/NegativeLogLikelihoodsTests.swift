import CLayers
import Testing

@testable import Models

@Suite struct NegativeLogLikelihoodsTests {
  @Test(
    "They are those of the formula, for any number of words", arguments: instructionSets,
    [1, 3, 32, 33, 768, 769, 2000])
  func formula(set: Int, words: Int) {
    let (inputs, positions) = (11, 14)
    let x = normals(positions * inputs, seed: words)
    let head = PackedMatrix.ofInputs(
      normals(inputs * words, seed: 1), inputs: inputs, outputs: words)
    let bias = normals(words, seed: 2)
    let targets = (0..<positions).map { $0 * 997 % words }
    let expected = PlainLayers.negativeLogLikelihoods(
      x.doubles, head: head.weights, bias: bias.doubles, targets: targets)
    let found = layer_loops.available[set].likelihoods(
      x, head: head, bias: bias, targets: targets.map(Int32.init))
    // Logits, of magnitude 20 at most, round a dozen times; their exponentials to 1 ulp.
    #expect(farthest(found, expected) < 2e-5)
  }

  @Test("The target's logit and the sum have the bits of the product", arguments: instructionSets)
  func logits(set: Int) {
    let loops = layer_loops.available[set]
    let x = normals(5 * 40, seed: 1)
    let head = PackedMatrix.ofInputs(normals(40 * 800, seed: 2), inputs: 40, outputs: 800)
    let logits = loops.product(x, by: head).doubles
    let targets: [Int32] = [0, 799, 768, 767, 31]
    for (position, nll) in loops.likelihoods(x, head: head, targets: targets).enumerated() {
      let row = logits[position * 800..<(position + 1) * 800]
      let exact = PlainLayers.logSumExp(row) - row[row.startIndex + Int(targets[position])]
      // A sum of exponentials, each within 1 ulp, added in groups of 16; then one rounding.
      #expect(abs(Double(nll) - exact) < 16 * 0x1p-24 + Double(nll.ulp))
    }
  }

  @Test("Words that fill up a panel count for nothing", arguments: instructionSets)
  func padding(set: Int) {
    for words in [1, 5, 33, 769] {
      let head = PackedMatrix.ofInputs(
        Array(repeating: -100, count: words), inputs: 1, outputs: words)
      let nll = layer_loops.available[set].likelihoods([1], head: head, targets: [0])
      // Any word of logit 0 would make it 100.
      #expect(abs(Double(nll[0]) - PlainLayers.logSumExp(Array(repeating: 0, count: words))) < 1e-6)
    }
  }

  @Test("The largest logit may come in any block", arguments: instructionSets, [0, 40, 900, 1999])
  func largest(set: Int, place: Int) {
    var weights = normals(2000, seed: 1)
    weights[place] = 3e4
    let head = PackedMatrix.ofInputs(weights, inputs: 1, outputs: 2000)
    let nll = layer_loops.available[set].likelihoods(
      [1, 1], head: head, targets: [Int32(place), 3])
    #expect(nll == [0, 3e4 - weights[3]])
  }

  @Test("A position has the same bits alone and among others", arguments: instructionSets)
  func grouping(set: Int) {
    let loops = layer_loops.available[set]
    let head = PackedMatrix.ofInputs(normals(30 * 800, seed: 2), inputs: 30, outputs: 800)
    let x = normals(200 * 30, seed: 1)
    let targets = (0..<200).map { Int32($0 * 4) }
    let whole = loops.likelihoods(x, head: head, targets: targets).bits
    for position in [0, 11, 12, 13, 191, 192, 199] {
      let row = Array(x[position * 30..<(position + 1) * 30])
      let alone = loops.likelihoods(row, head: head, targets: [targets[position]]).bits
      #expect(alone == [whole[position]])
    }
  }

  @Test("NaN and +∞ give NaN, −∞ is a word that never occurs", arguments: instructionSets)
  func notFinite(set: Int) {
    let head = PackedMatrix.ofInputs([1, 1, 1], inputs: 1, outputs: 3)
    let loops = layer_loops.available[set]
    let without = loops.likelihoods([0], head: head, bias: [0, -.infinity, 0], targets: [0])
    #expect(abs(Double(without[0]) - 0.6931471805599453) < 1e-7)
    #expect(loops.likelihoods([0], head: head, bias: [0, .nan, 0], targets: [0])[0].isNaN)
    #expect(loops.likelihoods([0], head: head, bias: [0, .infinity, 0], targets: [0])[0].isNaN)
  }
}
