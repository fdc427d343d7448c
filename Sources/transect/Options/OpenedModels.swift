import Checkpoints
import Geometry

/// Opens checkpoints, and refuses an output that is one of them, before any work is done.
///
/// - Parameters:
///   - arguments: as given on the command line.
///   - resources: how to read.
///   - output: where the result goes.
///   - command: what the result will record.
/// - Returns: the parameters of each.
/// - Throws: `CheckpointError` if one cannot be read; `OutputError` if the output cannot be used.
func openModels(
  _ arguments: [String], _ resources: ResourceOptions, before output: OutputOptions,
  making command: String
) throws -> [ParameterList] {
  let models = try arguments.map { try ParameterList(openCheckpoint($0, resources.boundedReading)) }
  try output.checkOutput(against: models.map(\.checkpoint), making: command)
  return models
}
