import CLayers
import Testing

@testable import Models

/// Around tiles and panels: positions, heads, channels of a head.
private let shapes = [
  (1, 1, 1), (2, 2, 3), (12, 3, 20), (13, 1, 16), (33, 2, 64), (100, 2, 33), (800, 1, 5),
]

@Suite struct AttentionTests {
  @Test(
    "Attention is that of the formula", arguments: instructionSets, [AttentionReach.causal, .full])
  func formula(set: Int, reach: AttentionReach) {
    for (positions, heads, headWidth) in shapes {
      let qkv = normals(positions * 3 * heads * headWidth, seed: positions)
      let expected = PlainLayers.attention(
        qkv: qkv.doubles, positions: positions, heads: heads, headWidth: headWidth, reach: reach)
      let found = layer_loops.available[set].attended(
        qkv, heads: heads, headWidth: headWidth, reach: reach)
      // Scores of a few units round some dozens of times; values are averages of a few units.
      #expect(farthest(found, expected) < 1e-5)
    }
  }

  @Test("Later positions change no bit of earlier ones", arguments: instructionSets)
  func causality(set: Int) {
    let loops = layer_loops.available[set]
    let (heads, headWidth, positions) = (2, 20, 61)
    let (row, channels) = (3 * heads * headWidth, heads * headWidth)
    let qkv = normals(positions * row, seed: 1)
    let whole = loops.attended(qkv, heads: heads, headWidth: headWidth).bits
    for length in [1, 2, 11, 12, 13, 14, 31, 32, 33, 60] {
      let prefix = Array(qkv[..<(length * row)])
      let expected = Array(whole[..<(length * channels)])
      #expect(loops.attended(prefix, heads: heads, headWidth: headWidth).bits == expected)
      var spoilt = qkv
      for index in length * row..<qkv.count { spoilt[index] = index % 2 == 0 ? .nan : -.infinity }
      let found = loops.attended(spoilt, heads: heads, headWidth: headWidth).bits
      #expect(Array(found[..<(length * channels)]) == expected)
    }
  }

  @Test("Scratch that other layers left dirty changes no bit", arguments: instructionSets)
  func dirtyScratch(set: Int) {
    let loops = layer_loops.available[set]
    let qkv = normals(45 * 3 * 33, seed: 1)
    let scratch = WorkSpace()
    let byteCount = attention_scratch(45, 33)
    scratch.bytes(byteCount).initializeMemory(as: UInt8.self, repeating: 0xff, count: byteCount)
    var out = Array(repeating: Float(0), count: 45 * 33)
    loops.attention(
      qkv: qkv, positions: 45, heads: 1, headWidth: 33, reach: .causal, into: &out,
      scratch: scratch)
    #expect(out.bits == loops.attended(qkv, heads: 1, headWidth: 33).bits)
  }
}
