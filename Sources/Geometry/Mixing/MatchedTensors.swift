import Checkpoints
import Tensors

/// The tensors of several checkpoints that belong together, as ``CheckpointMix`` describes it.
struct MatchedTensors: Sendable {
  /// What the first checkpoint has under one name, and its partners.
  struct Match: Sendable {
    let name: ParameterName
    let treatment: CheckpointMix.Treatment
    /// The first's, and, of a tensor to mix, those of all others.
    let records: [TensorRecord]
  }

  let models: [ParameterList]
  /// In the order of the first checkpoint.
  let matches: [Match]
  /// Canonical names of tensors that only others have, buffers aside, each once.
  let leftOut: [TensorName]

  /// Matches the tensors of checkpoints.
  ///
  /// - Parameter models: at least one.
  /// - Throws: `CheckpointError` if tensors of one name differ in shape, integers differ, or there
  ///   is nothing to mix.
  init(_ models: [ParameterList]) throws {
    let others = models.dropFirst().map { NamedTensors($0) }
    matches = try models[0].tensors.map { try MatchedTensors.match($0, among: others) }
    var seen = Set(matches.map(\.name.canonical))
    self.models = models
    leftOut = others.flatMap(\.model.tensors)
      .filter { $0.name.role != .buffer && seen.insert($0.name.canonical).inserted }
      .map(\.name.canonical)
    guard matches.contains(where: { $0.treatment == .mixed }) else {
      throw CheckpointError(
        .incomplete, in: models.last?.checkpoint.path ?? "",
        "has no parameter in common with \(models[0].checkpoint.path)")
    }
  }

  /// The cosines of angles between tensors of the first two checkpoints.
  ///
  /// - Parameters:
  ///   - resources: how much of the machine to use; cosines do not depend on it.
  ///   - isWanted: which canonical names to take, among those of tensors that are mixed.
  /// - Returns: a cosine for each name wanted; NaN where a tensor is zero.
  /// - Throws: `CheckpointError` if a file cannot be read to its end.
  /// - Complexity: one read of the tensors wanted.
  func cosines(
    using resources: WalkResources, of isWanted: (TensorName) -> Bool
  ) throws -> [TensorName: Double] {
    let pairs = matches.filter { $0.treatment == .mixed && isWanted($0.name.canonical) }
      .map { TensorPair(name: $0.name, base: $0.records[0], other: $0.records[1], remark: "") }
    guard !pairs.isEmpty else { return [:] }
    let found = try PairWalk([CheckpointPairing(pairs: pairs)]).differences(using: resources)[0]
    return Dictionary(
      zip(pairs, found).map { ($0.name.canonical, $1.cosine) }, uniquingKeysWith: { $1 })
  }

  private static func match(
    _ tensor: ParameterList.Parameter, among others: [NamedTensors]
  ) throws -> Match {
    let alone = [tensor.record]
    if tensor.name.role == .buffer {
      return Match(name: tensor.name, treatment: .buffer, records: alone)
    }
    let partners = others.compactMap { $0.partner(of: tensor.name) }
    guard partners.count == others.count else {
      return Match(name: tensor.name, treatment: .onlyInFirst, records: alone)
    }
    for partner in partners { try require(partner, fits: tensor) }
    guard tensor.record.dtype.isFloatingPoint else {
      return Match(name: tensor.name, treatment: .equal, records: alone)
    }
    return Match(name: tensor.name, treatment: .mixed, records: alone + partners)
  }

  private static func require(_ partner: TensorRecord, fits tensor: ParameterList.Parameter) throws
  {
    let (mine, name) = (tensor.record, tensor.name.canonical)
    guard partner.shape == mine.shape else {
      throw CheckpointError(
        .unsupported, in: partner.file.path, tensor: name,
        "\(partner.shape) cannot be mixed with \(mine.shape) of \(baseName(mine.file.path)); "
          + "also padded vocabularies and transposed matrices cannot")
    }
    let isNumber = mine.dtype.isFloatingPoint
    let isAlike = partner.dtype.isFloatingPoint == isNumber
    guard isAlike, try isNumber || haveEqualBytes(partner, mine) else {
      let verb = isAlike ? "differ from" : "cannot be mixed with"
      throw CheckpointError(
        .unsupported, in: partner.file.path, tensor: name,
        "\(partner.dtype.rawValue) values \(verb) the \(mine.dtype.rawValue) ones of "
          + "\(baseName(mine.file.path)); what is not floating-point must be the same in all")
    }
  }
}

/// The tensors of a checkpoint by canonical name, tied ones included.
private struct NamedTensors {
  let model: ParameterList
  private let records: [TensorName: TensorRecord]

  init(_ model: ParameterList) {
    self.model = model
    records = Dictionary(
      model.tensors.map { ($0.name.canonical, $0.record) }, uniquingKeysWith: { first, _ in first })
  }

  func partner(of name: ParameterName) -> TensorRecord? {
    if let same = records[name.canonical] { return same }
    return name.isOutputHead ? model.tokenEmbedding?.record : nil
  }
}
