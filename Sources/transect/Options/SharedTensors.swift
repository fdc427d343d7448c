import ArgumentParser
import Checkpoints
import Geometry
import Reports

/// What checkpoints have in common, if that is anything and its figures fit the memory granted.
///
/// - Parameters:
///   - models: the checkpoints.
///   - arguments: as given on the command line.
///   - options: how to pair.
///   - resources: what may be used.
/// - Returns: what they have in common, at least one tensor.
/// - Throws: `CheckpointError` if there is nothing to compare; `ValidationError` if the figures
///   would need more memory than granted.
func commonTensors(
  of models: [ParameterList], _ arguments: [String], options: CheckpointPairing.Options,
  _ resources: ResourceOptions
) throws -> CommonTensors {
  let common = CommonTensors(models, options: options)
  guard !common.tensors.isEmpty else {
    let others = arguments.dropFirst().joined(separator: ", ")
    throw CheckpointError(
      .incomplete, in: arguments[0],
      models[0].parameters.contains { options.isIncluded($0.name.canonical) }
        ? "has no tensor that all of \(others) have with one shape" : nothingIncluded)
  }
  let bytes = 16 * models.count * models.count * common.tensors.count
  let granted = resources.resources.scratchByteCount
  guard bytes <= granted else {
    throw ValidationError(
      "the figures of \(common.tensors.count) tensors of \(models.count) checkpoints take "
        + "\(bytes / 1_000_000 + 1)MB; grant twice that with --memory, or --include fewer")
  }
  return common
}

/// What is wrong with a checkpoint of whose tensors a filter leaves none.
let nothingIncluded = "has no tensor whose name --include and --exclude take"
