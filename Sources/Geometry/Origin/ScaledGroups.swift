import Tensors

/// Groups that were measured already, since each takes part in a test and in a control; as many as
/// memory is granted for.
struct ScaledGroups {
  private let foldsGain: Bool
  private let resources: WalkResources
  private var known: [Key: ScaledGroup] = [:]
  private var byteCount = 0

  /// What tells a group from all others: the tensor of its first view and what is taken of it.
  private struct Key: Hashable {
    let kind: UnitKind
    let file: ObjectIdentifier
    let tensor: TensorName
    let features: [Range<Int>]

    init?(_ group: UnitGroup) {
      guard let slab = group.views.first?.slabs.first else { return nil }
      (kind, features) = (group.kind, slab.features)
      (file, tensor) = (ObjectIdentifier(slab.record.file), slab.record.name)
    }
  }

  init(foldsGain: Bool = false, resources: WalkResources) {
    (self.foldsGain, self.resources) = (foldsGain, resources)
  }

  /// A group, measured.
  ///
  /// - Throws: `CheckpointError` if a weight is NaN or infinite, or cannot be read.
  mutating func scaled(_ group: UnitGroup) throws -> ScaledGroup {
    guard let key = Key(group) else { return ScaledGroup(raw: group) }
    if let scaled = known[key] { return scaled }
    let scaled = try ScaledGroup(group, foldsGain: foldsGain, threads: resources.threads)
    let total = byteCount + (scaled.scaling?.byteCount ?? 0)
    if total <= resources.scratchByteCount / 4 { (known[key], byteCount) = (scaled, total) }
    return scaled
  }
}
