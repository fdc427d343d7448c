import ArgumentParser
import Checkpoints

/// What checkpoints may be besides files that hold a model.
struct InputOptions: ParsableArguments {
  @Flag(
    help: """
      Read the folder of a LoRA adapter (PEFT) as its base model with the adapter merged into it; \
      nothing is written.
      """)
  var mergeAdapter = false

  @Option(
    help: """
      The base model of adapters, if not the one that each names. Implies --merge-adapter.
      """)
  var baseModel: String?

  @Flag(
    name: .customLong("allow-hdf5-input"),
    help: """
      Read weights of Keras and TensorFlow from HDF5 files (tf_model.h5, .weights.h5).
      """)
  var allowsHDF5 = false

  /// How checkpoints are opened.
  ///
  /// - Parameter mode: how tensors are read.
  /// - Returns: the rules.
  func reading(mode: InputMode) -> CheckpointReading {
    CheckpointReading(
      mode: mode, mergesAdapters: mergeAdapter || baseModel != nil, baseModel: baseModel,
      allowsHDF5: allowsHDF5)
  }
}
