/// How arguments are opened as checkpoints: how bytes are fetched, and what is read only on request.
public struct CheckpointReading: Sendable {
  /// How tensors are read.
  public var mode: InputMode
  /// Whether the folder of a PEFT adapter stands for its base model with the adapter merged into
  /// it; otherwise it is refused.
  public var mergesAdapters: Bool
  /// What adapters are merged into; `nil` for what each one's configuration names.
  public var baseModel: String?

  /// Whether HDF5 files are read, by libhdf5 in a process of its own; otherwise they are refused.
  public var allowsHDF5: Bool

  /// Creates rules; what is left out is not read.
  ///
  /// - Parameters:
  ///   - mode: how tensors are read.
  ///   - mergesAdapters: whether adapters are merged into their base.
  ///   - baseModel: what they are merged into, if not what they name.
  ///   - allowsHDF5: whether HDF5 files are read.
  public init(
    mode: InputMode = .mapped, mergesAdapters: Bool = false, baseModel: String? = nil,
    allowsHDF5: Bool = false
  ) {
    (self.mode, self.mergesAdapters, self.baseModel) = (mode, mergesAdapters, baseModel)
    self.allowsHDF5 = allowsHDF5
  }

  /// The same rules for checkpoints that are no adapters.
  var withoutAdapters: CheckpointReading {
    var rules = self
    (rules.mergesAdapters, rules.baseModel) = (false, nil)
    return rules
  }
}
