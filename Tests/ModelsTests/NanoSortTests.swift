import Foundation
import Models
import TestSupport
import Testing

/// A trained GPT-2 of three words, which given six digits writes them sorted.
@Suite(.enabled(if: NanoSort.isPresent, NanoSort.absence))
struct NanoSortTests {
  private let model: GPT2

  init() throws { model = try trainedModel(NanoSort.folder + "/model.safetensors") }

  @Test("Logits are those of transformers in binary64")
  func logits() throws {
    for sample in try NanoSort.expected() {
      let found = try model.logits(after: sample.ids.indices, of: sample.ids)
      for (found, expected) in zip(found, sample.logits.joined()) {
        #expect(abs(Double(found) - expected) < 1e-4)
      }
    }
  }

  @Test("Greedy decoding sorts every input")
  func sorting() throws {
    let inputs = (0..<729).map { number in
      [1, 3, 9, 27, 81, 243].map { Int32(number / $0 % 3) }
    }
    var texts = inputs
    for _ in 0..<6 {
      for (index, logits) in try model.nextTokenLogits(after: texts, threads: 2).enumerated() {
        let likeliest = try #require(logits.indices.max { logits[$0] < logits[$1] })
        texts[index].append(Int32(likeliest))
      }
    }
    #expect(texts == inputs.map { $0 + $0.sorted() })
  }
}

private enum NanoSort {
  struct Sample: Decodable {
    let ids: [Int32]
    let logits: [[Double]]
  }

  static let folder = Zoo.folder + "/models/gpt-nano-sort"
  static let isPresent = FileManager.default.fileExists(atPath: folder)
  static let absence: Comment =
    "no trained model: set TRANSECT_SHARED_DATA to the folder that holds models/"

  static func expected() throws -> [Sample] {
    struct File: Decodable { let cases: [Sample] }
    let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/expected.json"))
    return try JSONDecoder().decode(File.self, from: data).cases
  }
}
