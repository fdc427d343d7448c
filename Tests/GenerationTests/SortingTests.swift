import Foundation
import Generation
import TestSupport
import Testing

/// A trained GPT-2 of three words, which given six digits writes them sorted.
@Suite(.enabled(if: NanoSort.isPresent, NanoSort.absence))
struct SortingTests {
  @Test("Greedy texts sort every input")
  func sorting() throws {
    let inputs = (0..<729).map { number in
      [1, 3, 9, 27, 81, 243].map { Int32(number / $0 % 3) }
    }
    let generator = TextGenerator(rule: .greedy, endOfText: nil, mostTokens: 6, seed: 1)
    let texts = try generator.texts(
      of: trainedModel(NanoSort.folder + "/model.safetensors"), after: inputs, count: 1, threads: 2)
    #expect(texts.map(\.tokens) == inputs.map { $0.sorted() })
  }
}

private enum NanoSort {
  static let folder = Zoo.folder + "/models/gpt-nano-sort"
  static let isPresent = FileManager.default.fileExists(atPath: folder)
  static let absence: Comment =
    "no trained model: set TRANSECT_SHARED_DATA to the folder that holds models/"
}
