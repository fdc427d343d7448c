import Checkpoints
import Foundation
import Geometry
import Models
import TestSupport
import Testing

/// A trained GPT-2 of three words, which given six digits writes them sorted.
@Suite(.enabled(if: NanoSort.isPresent, NanoSort.absence))
struct NanoSortTests {
  private let model: GPT2

  init() throws { model = try NanoSort.model() }

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
    for number in 0..<729 {
      let digits = [1, 3, 9, 27, 81, 243].map { Int32(number / $0 % 3) }
      var tokens = digits
      for _ in digits {
        let logits = try model.logits(after: [tokens.count - 1], of: tokens)
        let likeliest = try #require(logits.indices.max { logits[$0] < logits[$1] })
        tokens.append(Int32(likeliest))
      }
      #expect(tokens.suffix(6) == digits.sorted()[...])
    }
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

  static func model() throws -> GPT2 {
    let checkpoint = try SafetensorsFile(folder + "/model.safetensors")
    let weights = try MixedStateDict(ParameterList(checkpoint))
    let settings = try ModelConfiguration(beside: checkpoint).map {
      ModelSettings(path: $0.path, values: $0.settings)
    }
    let model = GPT2(
      try GPT2Configuration(of: weights, settings: settings), precision: .float32)
    try model.load(weights, threads: 2)
    return model
  }
}
