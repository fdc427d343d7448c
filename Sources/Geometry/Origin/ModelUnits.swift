import Checkpoints
import Tensors

/// The groups of exchangeable units of one model.
///
/// | group | units | vectors |
/// |---|---|---|
/// | `res`, once | channels of the residual stream | columns of the token and position embeddings |
/// | `mlp`, each layer | hidden units | their weights from and to the residual stream |
/// | `vo`, each layer | dimensions within a head | value projection, output projection |
/// | `qk`, each layer | dimensions within a head | query and key projections; not if rotary |
///
/// `res` takes no tensor that has another group's axis, so the groups use their labels apart.
/// Biases and gains take no part: they are constant at initialization.
struct ModelUnits {
  let groups: [UnitGroup]
  /// Why groups that one would expect are not there, one sentence each.
  let remarks: [String]
  /// Number of layers that have groups.
  let layerCount: Int

  /// Finds the groups of a model.
  ///
  /// - Parameters:
  ///   - parameters: the model's.
  ///   - map: what the axes of its parameters stand for.
  ///   - heads: how many heads its attention has, if that is known.
  init(_ parameters: ParameterList, map: AxisMap, heads: AttentionHeads?) {
    let matrices = ModelUnits.matrices(of: parameters, map: map)
    let isTransposed = ModelUnits.isTransposed(matrices)
    let oriented = matrices.map { $0.oriented(isTransposed: isTransposed) }
    let layers = Dictionary(
      grouping: oriented.filter { $0.parameter.name.layer != nil },
      by: { $0.parameter.name.layer ?? 0 })
    let builder = LayerGroups(parameters: parameters, map: map, heads: heads)
    let residual = ModelUnits.residual(oriented)
    layerCount = layers.count
    groups =
      [residual].compactMap { $0 }
      + layers.keys.sorted().flatMap { builder.groups($0, layers[$0] ?? []) }
    remarks =
      (residual == nil ? ["no embedding is known, so res is left out"] : []) + builder.remarks
  }

  private static func matrices(of parameters: ParameterList, map: AxisMap) -> [MappedMatrix] {
    parameters.parameters.compactMap { parameter -> (Int, MappedMatrix)? in
      guard parameter.record.shape.rank == 2, isStored(parameter.record),
        let position = map.position(of: parameter.name.canonical),
        let axes = map.axes(of: parameter.name.canonical), axes.count == 2
      else { return nil }
      return (position, MappedMatrix(parameter: parameter, axes: axes))
    }.sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// Whether a tensor has elements, and no more than its file can hold. A view that repeats its
  /// bytes, or has none, may claim any number of units.
  private static func isStored(_ record: TensorRecord) -> Bool {
    (1...max(record.availableByteCount, 1)).contains(record.shape.byteCount(of: record.dtype))
  }

  /// Whether the matrices of the layers are stored transposed from what the map says, as when a
  /// GPT-2 was saved with Linear layers: no shape fits as it is, and all others do transposed.
  private static func isTransposed(_ matrices: [MappedMatrix]) -> Bool {
    guard
      let width = matrices.first(where: { $0.axes == [[.token], [.residual]] })?.extents[1]
    else { return false }
    let telling = matrices.filter { matrix in
      matrix.parameter.name.layer != nil && matrix.axes.contains([.residual])
        && matrix.extents[0] != matrix.extents[1]
    }
    return !telling.isEmpty
      && telling.allSatisfy { $0.extents[$0.axes[0] == [.residual] ? 1 : 0] == width }
  }

  /// Channels by their embeddings, the tokens' first. Not by a position table alone: one that is
  /// computed would make any two models alike.
  private static func residual(_ matrices: [MappedMatrix]) -> UnitGroup? {
    guard let first = matrices.firstIndex(where: \.isTokenEmbedding),
      case let width = matrices[first].extents[1], width > 1
    else { return nil }
    let others = matrices[..<first] + matrices[(first + 1)...]
    let embeddings =
      [matrices[first]]
      + others.filter {
        $0.axes == [[.token], [.residual]] || $0.axes == [[.position], [.residual]]
      }
    guard embeddings.allSatisfy({ $0.extents[1] == width }) else { return nil }
    return UnitGroup(
      kind: .residual, layer: nil, blockCount: 1, blockLength: width,
      views: embeddings.map { matrix in
        UnitView(
          name: matrix.parameter.name.canonical.text,
          slabs: [UnitSlab(matrix.parameter.record, unitAxis: 1, positions: Array(0..<width))])
      })
  }
}

/// A matrix, and what its axes stand for as they are stored.
struct MappedMatrix {
  let parameter: ParameterList.Parameter
  let axes: [[AxisRole]]

  var extents: [Int] { parameter.record.shape.dimensions }

  var isTokenEmbedding: Bool {
    axes == [[.token], [.residual]] && !parameter.name.isOutputHead
  }

  /// The matrix with its axes as stored, if its model stores layers transposed.
  func oriented(isTransposed: Bool) -> MappedMatrix {
    guard isTransposed, parameter.name.layer != nil else { return self }
    return MappedMatrix(parameter: parameter, axes: axes.reversed())
  }
}

/// Builds the groups of one layer.
private struct LayerGroups {
  let parameters: ParameterList
  let map: AxisMap
  let heads: AttentionHeads?

  var remarks: [String] {
    var remarks: [String] = []
    if heads == nil {
      remarks.append(
        "the number of heads is not known, so vo and qk are left out; --heads tells it")
    } else if map.hasRotaryPositions {
      remarks.append("queries and keys are rotated by position, so qk is left out")
    }
    return remarks
  }

  func groups(_ layer: Int, _ matrices: [MappedMatrix]) -> [UnitGroup] {
    [hidden(layer, matrices), values(layer, matrices), queries(layer, matrices)].compactMap { $0 }
  }

  private func hidden(_ layer: Int, _ matrices: [MappedMatrix]) -> UnitGroup? {
    let own = matrices.filter { $0.axes.contains([.hidden]) && $0.axes.contains([.residual]) }
    guard let first = own.first, case let width = first.extents[first.axis(of: .hidden)], width > 1,
      own.allSatisfy({ $0.extents[$0.axis(of: .hidden)] == width })
    else { return nil }
    let views = own.map { matrix in
      view(matrix, [slab(matrix, along: .hidden, positions: Array(0..<width))])
    }
    return UnitGroup(kind: .hidden, layer: layer, blockCount: 1, blockLength: width, views: views)
  }

  private func values(_ layer: Int, _ matrices: [MappedMatrix]) -> UnitGroup? {
    guard let heads, let value = matrices.first(where: { $0.has(.value) }),
      let context = matrices.first(where: { $0.has(.context) }),
      let width = value.headWidth(.value, heads), width > 1,
      context.headWidth(.context, heads) == width
    else { return nil }
    let (shared, first) = (heads.query / heads.keyValue, context.positions(of: .context).lowerBound)
    let outputs = (0..<shared).map { replica in
      let starts = (0..<heads.keyValue).map { first + ($0 * shared + replica) * width }
      return slab(context, along: .context, positions: starts.flatMap { Array($0..<$0 + width) })
    }
    return UnitGroup(
      kind: .value, layer: layer, blockCount: heads.keyValue, blockLength: width,
      views: [view(value, [part(value, .value)]), view(context, outputs)])
  }

  private func queries(_ layer: Int, _ matrices: [MappedMatrix]) -> UnitGroup? {
    guard let heads, heads.query == heads.keyValue, !map.hasRotaryPositions,
      let query = matrices.first(where: { $0.has(.query) }),
      let key = matrices.first(where: { $0.has(.key) }),
      let width = query.headWidth(.query, heads), width > 1, key.headWidth(.key, heads) == width
    else { return nil }
    return UnitGroup(
      kind: .query, layer: layer, blockCount: heads.query, blockLength: width,
      views: [view(query, [part(query, .query)]), view(key, [part(key, .key)])])
  }

  /// The part of a fused axis that one role takes, or the whole axis.
  private func part(_ matrix: MappedMatrix, _ role: AxisRole) -> UnitSlab {
    let positions = Array(matrix.positions(of: role))
    return slab(matrix, along: role, positions: positions)
  }

  private func slab(
    _ matrix: MappedMatrix, along role: AxisRole, positions: [Int]
  ) -> UnitSlab {
    let gain = map.gain(before: matrix.parameter.name.canonical).flatMap { parameters[$0]?.record }
    let axis = matrix.axis(of: role)
    let fits = gain?.shape.dimensions == [matrix.extents[1 - axis]]
    return UnitSlab(
      matrix.parameter.record, unitAxis: axis, positions: positions, gain: fits ? gain : nil)
  }

  private func view(_ matrix: MappedMatrix, _ slabs: [UnitSlab]) -> UnitView {
    UnitView(name: matrix.parameter.name.kind, slabs: slabs)
  }
}

extension MappedMatrix {
  fileprivate func has(_ role: AxisRole) -> Bool {
    axes.contains { $0.contains(role) } && axes.contains([.residual])
  }

  /// The axis that a role lies on.
  ///
  /// - Precondition: it lies on one.
  fileprivate func axis(of role: AxisRole) -> Int { axes[0].contains(role) ? 0 : 1 }

  /// The positions that a role takes of its axis, of which each role has an equal part.
  fileprivate func positions(of role: AxisRole) -> Range<Int> {
    let roles = axes[axis(of: role)]
    let length = extents[axis(of: role)] / roles.count
    let first = (roles.firstIndex(of: role) ?? 0) * length
    return first..<first + length
  }

  /// Positions of a role for each head, or `nil` if heads do not divide them.
  fileprivate func headWidth(_ role: AxisRole, _ heads: AttentionHeads) -> Int? {
    let roles = axes[axis(of: role)]
    guard let count = heads.count(along: role), extents[axis(of: role)].isMultiple(of: roles.count),
      positions(of: role).count.isMultiple(of: count)
    else { return nil }
    return positions(of: role).count / count
  }
}
