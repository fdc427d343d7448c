import Geometry
import Reports

/// The checkpoints of a command as its result records them.
///
/// - Parameters:
///   - arguments: as given on the command line.
///   - roles: what each was used as.
///   - models: the checkpoints, in the same order.
///   - resources: threads for their digests.
/// - Returns: one input for each.
/// - Throws: `CheckpointError` if a file cannot be read to its end.
/// - Complexity: reads every parameter once.
func recordedInputs(
  _ arguments: [String], _ roles: [String], _ models: [ParameterList], _ resources: ResourceOptions
) throws -> [Provenance.Input] {
  let names = labels(of: arguments)
  return try models.enumerated().map { index, model in
    try Provenance.Input(
      label: names[index], role: roles[index], path: arguments[index], parameters: model,
      digests: model.digests(threads: resources.threads))
  }
}
