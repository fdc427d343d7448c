import Checkpoints
import Geometry
import Models

/// The model of a file, as the `config.json` beside it describes it.
///
/// - Parameters:
///   - path: a safetensors file.
///   - precision: how to hold the weights of matrices.
/// - Returns: the model, loaded.
/// - Throws: if it cannot be read.
public func trainedModel(
  _ path: String, _ precision: Precision = .float32
) throws -> GPT2 {
  let checkpoint = try SafetensorsFile(path)
  let weights = try MixedStateDict(ParameterList(checkpoint))
  let settings = try ModelConfiguration(beside: checkpoint).map {
    ModelSettings(path: $0.path, values: $0.settings)
  }
  let model = GPT2(try GPT2Configuration(of: weights, settings: settings), precision: precision)
  try model.load(weights, threads: 2)
  return model
}
