import Checkpoints
import JSON
import Reports

/// How a mix was made, as it is recorded in the file.
struct MixRecipe {
  let command: String
  let mixing: TensorMixingOptions
  let inputs: [String]
  /// Of the inputs' content, as `transect inspect --digest` gives them.
  let digests: [String]

  /// Stands for a digest until it is known; as long as one.
  static let unknownDigest = String(repeating: "0", count: 64)

  /// The recipe as JSON.
  var text: String {
    jsonObject([
      ("source", jsonString(Provenance.source)), ("command", jsonString(command)),
      ("formula", jsonString(mixing.formula)),
      ("checkpoints", "[" + checkpoints.joined(separator: ",") + "]"),
    ])
  }

  private var checkpoints: [String] {
    zip(inputs, digests).enumerated().map { index, input in
      jsonObject(
        [("name", jsonString(baseName(input.0)))] + coefficient(index)
          + [("content_digest", jsonString(input.1))])
    }
  }

  private func coefficient(_ index: Int) -> [(String, String)] {
    guard case .linear(let coefficients) = mixing.weighting else { return [] }
    return [("coefficient", "\(coefficients[index])")]
  }
}
