import Foundation
import Models
import TestSupport
import Testing

/// The trained miniature models of this repository.
@Suite struct MiniatureTests {
  private struct Sample: Decodable {
    let model: String
    let ids: [Int32]
    let nlls: [Double]
    let logits: [Double]
  }

  private func expected() throws -> [Sample] {
    struct File: Decodable { let cases: [Sample] }
    let path = PackageFolder.path("Tests/Fixtures/gpt2/miniature.json")
    return try JSONDecoder()
      .decode(File.self, from: Data(contentsOf: URL(fileURLWithPath: path))).cases
  }

  @Test("Logits and likelihoods are those of transformers in binary64")
  func numbers() throws {
    for sample in try expected() {
      let folder = PackageFolder.path("notebooks-data/miniature/" + sample.model)
      let model = try trainedModel(folder + "/model.safetensors")
      let window = ScoredTokens(tokens: sample.ids, scored: 1..<sample.ids.count)
      let found = try model.negativeLogLikelihoods(of: [window], threads: 2)[0]
      for (found, expected) in zip(found, sample.nlls) {
        // Logits are up to 30 and err by some units in the last place.
        #expect(abs(Double(found) - expected) < 5e-5)
      }
      let logits = try model.logits(after: [sample.ids.count - 1], of: sample.ids)
      for (found, expected) in zip(logits, sample.logits) {
        #expect(abs(Double(found) - expected) < 1e-4)
      }
    }
  }
}
