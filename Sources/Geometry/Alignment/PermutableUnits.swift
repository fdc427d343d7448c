import Checkpoints
import Tensors

/// Units of one kind that can be exchanged among each other without changing what a model
/// computes, if it is done along every axis that bears them.
public struct PermutableGroup: Hashable, Sendable, CustomStringConvertible {
  /// What the units are.
  public enum Kind: String, CaseIterable, Sendable {
    /// Channels of the residual stream, throughout the model.
    case residual
    /// Hidden units of one MLP.
    case hidden
    /// Whole heads of one attention: queries, keys, values and context together. Where several
    /// query heads share a key head, they move with it.
    case heads
  }

  /// What the units are.
  public let kind: Kind
  /// The layer, or `nil` for the residual stream.
  public let layer: Int?

  /// `residual`, `hidden 3`, `heads 3`.
  public var description: String { kind.rawValue + (layer.map { " \($0)" } ?? "") }

  /// Where a list of groups has it.
  fileprivate var place: (layer: Int, kind: String) { (layer ?? -1, kind.rawValue) }
}

/// A stretch of an axis: units of a group one after the other, or positions that stay in place.
struct AxisStretch: Hashable, Sendable {
  /// The group, or `nil` for positions whose order means something.
  let group: PermutableGroup?
  /// The first position.
  let start: Int
  /// Positions that one unit takes: 1, or a head's dimensions.
  let unitLength: Int
  /// Units.
  let count: Int

  var length: Int { unitLength * count }
}

/// Which positions along which axes of a model's parameters belong to which units.
public struct PermutableUnits: Sendable {
  /// The groups: the residual stream, then layer by layer.
  public let groups: [PermutableGroup]
  /// The number of units of each group.
  public let counts: [PermutableGroup: Int]
  /// The number of attention heads, or `nil` if it is unknown and heads stay in place.
  public let heads: AttentionHeads?
  private let stretches: [TensorName: [[AxisStretch]]]

  /// Takes the axes of every parameter apart.
  ///
  /// - Parameters:
  ///   - parameters: the checkpoint.
  ///   - map: what axes stand for.
  ///   - heads: the number of heads; `nil` leaves heads in place.
  /// - Throws: ``CheckpointError`` naming a parameter that the map does not know, or whose shape
  ///   does not fit what the map, the heads or the other parameters say. Moving the units of some
  ///   parameters only would change what the model computes.
  public init(_ parameters: ParameterList, map: AxisMap, heads: AttentionHeads?) throws {
    var builder = UnitsBuilder(path: parameters.checkpoint.path, map: map, heads: heads)
    for parameter in parameters.parameters + parameters.ties.map(\.parameter) {
      try builder.requireOneStack(parameter.name)
      try builder.add(parameter)
    }
    try builder.checkUnknownAxes()
    (counts, stretches) = (builder.counts, builder.stretches)
    groups = counts.keys.sorted { $0.place < $1.place }
    self.heads = heads
  }

  /// The stretches of each axis of a parameter, outermost first; none for buffers.
  func axes(of name: TensorName) -> [[AxisStretch]] { stretches[name] ?? [] }
}

private struct UnitsBuilder {
  let path: String
  let map: AxisMap
  let heads: AttentionHeads?
  private(set) var counts: [PermutableGroup: Int] = [:]
  private(set) var stretches: [TensorName: [[AxisStretch]]] = [:]
  /// The dimensions of a head of each layer, of queries and keys, and of values and context.
  private var headLengths: [HeadKey: Int] = [:]
  /// Lengths of axes of unknown meaning that a parameter makes out of the residual stream, and
  /// parameters that take something of unknown meaning.
  private var made = Set<Int>()
  private var takers: [(name: TensorName, length: Int)] = []
  /// Vectors of unknown meaning within layers.
  private var layerVectors: [(name: ParameterName, length: Int)] = []

  private struct HeadKey: Hashable {
    let layer: Int?
    let isKey: Bool
  }

  init(path: String, map: AxisMap, heads: AttentionHeads?) {
    (self.path, self.map, self.heads) = (path, map, heads)
  }

  func requireOneStack(_ name: ParameterName) throws {
    guard name.stack == nil else {
      throw fault(name, "is of a model with an encoder and a decoder, which are not permuted")
    }
  }

  mutating func add(_ parameter: ParameterList.Parameter) throws {
    let (name, shape) = (parameter.name, parameter.record.shape)
    guard let roles = map.axes(of: name.canonical) else {
      throw fault(
        name,
        "the map of \(map.family) does not know it, so its units cannot be moved; a map "
          + "that does can be given with --map")
    }
    guard roles.count == shape.rank, shape.rank <= 2 else {
      throw fault(
        name,
        "has shape \(shape), where the map of \(map.family) has \(roles.count) axes, and no more "
          + "than two can be permuted")
    }
    stretches[name.canonical] = try zip(roles, shape.dimensions).map { roles, extent in
      try stretch(roles, extent, name)
    }
    noteUnknown(roles, shape, name)
  }

  private mutating func stretch(
    _ roles: [AxisRole], _ extent: Int, _ name: ParameterName
  ) throws -> [AxisStretch] {
    guard extent.isMultiple(of: roles.count) else {
      throw fault(name, "an axis of \(extent) has no \(roles.count) equal parts")
    }
    let part = extent / roles.count
    return try roles.enumerated().map { index, role in
      try stretch(role, start: index * part, length: part, name)
    }
  }

  private mutating func stretch(
    _ role: AxisRole, start: Int, length: Int, _ name: ParameterName
  ) throws -> AxisStretch {
    guard let group = group(of: role, name) else {
      return AxisStretch(group: nil, start: start, unitLength: 1, count: length)
    }
    guard length > 0 else {
      throw fault(name, "an axis of 0 \(role.rawValue) positions has no units to move")
    }
    let count = group.kind == .heads ? heads?.keyValue ?? 1 : length
    guard length.isMultiple(of: count), counts[group] ?? count == count else {
      throw fault(
        name,
        "an axis of \(length) \(role.rawValue) positions does not hold the "
          + "\(counts[group] ?? count) units of \(group)")
    }
    counts[group] = count
    try checkHeads(role, length: length, name)
    return AxisStretch(group: group, start: start, unitLength: length / count, count: count)
  }

  private func group(of role: AxisRole, _ name: ParameterName) -> PermutableGroup? {
    switch role {
    case .residual: PermutableGroup(kind: .residual, layer: nil)
    case .hidden: PermutableGroup(kind: .hidden, layer: name.layer)
    case .query, .key, .value, .context:
      heads == nil ? nil : PermutableGroup(kind: .heads, layer: name.layer)
    case .token, .position, .other: nil
    }
  }

  /// Heads of queries and keys have the same length, and so have those of values and context; if
  /// they do not, the number of heads is wrong.
  private mutating func checkHeads(
    _ role: AxisRole, length: Int, _ name: ParameterName
  ) throws {
    guard let count = heads?.count(along: role) else { return }
    let key = HeadKey(layer: name.layer, isKey: role == .query || role == .key)
    let expected = headLengths[key] ?? length / count
    guard length.isMultiple(of: count), length / count == expected else {
      throw fault(
        name, "\(length) \(role.rawValue) positions are no \(count) heads of \(expected)")
    }
    headLengths[key] = expected
  }

  private mutating func noteUnknown(
    _ roles: [[AxisRole]], _ shape: Shape, _ name: ParameterName
  ) {
    switch roles {
    case [[.other], [.residual]]: made.insert(shape.dimensions[0])
    case [[.other], [.other]]: takers.append((name.canonical, shape.dimensions[1]))
    case [[.other]] where name.layer != nil: layerVectors.append((name, shape.dimensions[0]))
    default: break
    }
  }

  /// Refuses parameters whose names some models use for axes that bear no units, and others for
  /// axes that do.
  func checkUnknownAxes() throws {
    // A classifier takes what a pooler makes; without one it takes the residual stream.
    for taker in takers where !made.contains(taker.length) {
      throw CheckpointError(
        .unsupported, in: path, tensor: taker.name,
        "no parameter makes the \(taker.length) inputs that it takes, so they may be channels of "
          + "the residual stream; a map that says so can be given with --map")
    }
    // A gain of queries or keys is either shared by all heads or has a part for each.
    for vector in layerVectors where heads != nil {
      let expected = headLengths[HeadKey(layer: vector.name.layer, isKey: true)]
      guard vector.length == expected else {
        throw fault(
          vector.name,
          "has \(vector.length) elements, where one for each of a head's "
            + "\(expected ?? 0) dimensions would stay in place")
      }
    }
  }

  private func fault(_ name: ParameterName, _ detail: String) -> CheckpointError {
    CheckpointError(.unsupported, in: path, tensor: name.canonical, detail)
  }
}
