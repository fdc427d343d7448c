import Checkpoints
import Tensors

/// Two tensors that stand for the same parameter, with the same shape.
public struct TensorPair: Sendable {
  /// The parameter's name and what it says.
  public let name: ParameterName
  /// The base's tensor, cut to the common rows if need be.
  public let base: TensorRecord
  /// The other's tensor, transposed or cut to match the base's.
  public let other: TensorRecord
  /// How the other's tensor was made to match, or an empty string.
  public let remark: String
}

/// What became of one parameter of either checkpoint.
public struct CoverageEntry: Hashable, Codable, Sendable {
  /// Compared, or the reason why not; in the order of codes in result files.
  public enum Status: String, CaseIterable, Codable, Sendable {
    case compared
    case buffer
    case tied
    case onlyInBase = "only in base"
    case onlyInOther = "only in other"
    case shapeMismatch = "shape mismatch"
    case excluded
    /// By singular values: one checkpoint's matrix, or a difference.
    case decomposed
    /// Of one axis or none, so no matrix.
    case notMatrix = "not a matrix"
    /// Compared in this pair, but not with one shape in all of several checkpoints.
    case notInAll = "not in all"

    /// Whether this is what was asked for.
    public var isDone: Bool { self == .compared || self == .decomposed }

    /// Whether it was left out for what it is, or because a person said so.
    public var isLeftOutOnPurpose: Bool {
      [.buffer, .tied, .excluded, .notMatrix].contains(self)
    }
  }

  /// The canonical name.
  public let name: TensorName
  /// What became of it.
  public let status: Status
  /// What a person should know besides; may be empty.
  public let detail: String
}

/// Which tensors of two checkpoints belong together, and an account of every tensor that is
/// compared or left out.
public struct CheckpointPairing: Sendable {
  /// What is compared, in the base's order.
  public let pairs: [TensorPair]
  /// One entry for each parameter of either checkpoint.
  public let coverage: [CoverageEntry]

  /// How to pair.
  public struct Options: Sendable {
    /// Compare matrices that one checkpoint stores transposed, as Conv1D and Linear layers do.
    public var matchesTransposed = false
    /// Which canonical names to compare; the others are reported as excluded.
    public var isIncluded: @Sendable (TensorName) -> Bool = { _ in true }

    /// Everything, stored the same way.
    public init() {}
  }

  /// Pairs two checkpoints by canonical names.
  ///
  /// - Parameters:
  ///   - base: the checkpoint whose order and names are used.
  ///   - other: the checkpoint compared with it.
  ///   - options: how to pair.
  public init(base: ParameterList, other: ParameterList, options: Options = Options()) {
    var builder = PairingBuilder(base: base, other: other, options: options)
    builder.pairParameters()
    builder.accountForTheRest()
    (pairs, coverage) = (builder.pairs, builder.coverage)
  }

  /// Takes pairs that were matched elsewhere, and accounts for nothing else.
  init(pairs: [TensorPair]) { (self.pairs, coverage) = (pairs, []) }

  /// Counts of entries by status, in the order of the statuses, those without entries left out.
  public var summary: [(status: CoverageEntry.Status, count: Int)] {
    let counts = Dictionary(coverage.map { ($0.status, 1) }, uniquingKeysWith: +)
    return CoverageEntry.Status.allCases.compactMap { status in counts[status].map { (status, $0) }
    }
  }
}

private struct PairingBuilder {
  private let base: ParameterList
  private let other: ParameterList
  private let options: CheckpointPairing.Options
  private let squareLayout: SquareLayout
  private(set) var pairs: [TensorPair] = []
  private(set) var coverage: [CoverageEntry] = []
  private var usedOthers = Set<TensorName>()

  init(base: ParameterList, other: ParameterList, options: CheckpointPairing.Options) {
    (self.base, self.other, self.options) = (base, other, options)
    squareLayout = SquareLayout(base: base, other: other)
    usedOthers.reserveCapacity(other.parameters.count)
  }

  mutating func pairParameters() {
    for parameter in base.parameters {
      let name = parameter.name
      guard let (partner, remark) = partner(of: name) else {
        note(name.canonical, options.isIncluded(name.canonical) ? .onlyInBase : .excluded)
        continue
      }
      usedOthers.insert(partner.name.canonical)
      add(name, parameter.record, partner.record, remark)
    }
    for parameter in other.parameters where !usedOthers.contains(parameter.name.canonical) {
      addOther(parameter)
    }
  }

  /// The other's parameter of this name; for an output head that the other does not store, its
  /// token embedding.
  private func partner(of name: ParameterName) -> (ParameterList.Parameter, remark: String)? {
    if let same = other[name.canonical] { return (same, "") }
    guard name.isOutputHead, let embedding = sharedEmbedding?.other else { return nil }
    return (embedding, "other stores no head, so taken as tied to \(embedding.name.canonical)")
  }

  /// Both token embeddings, if the models name them alike: an output head of another kind of
  /// model has nothing to do with this one's embedding.
  private var sharedEmbedding: (base: ParameterList.Parameter, other: ParameterList.Parameter)? {
    guard let mine = base.tokenEmbedding, let theirs = other[mine.name.canonical] else {
      return nil
    }
    return (mine, theirs)
  }

  private mutating func addOther(_ parameter: ParameterList.Parameter) {
    let name = parameter.name
    guard options.isIncluded(name.canonical) else { return note(name.canonical, .excluded) }
    guard name.isOutputHead, let embedding = sharedEmbedding?.base else {
      return note(name.canonical, .onlyInOther)
    }
    let remark = "base stores no head, so taken as tied to \(embedding.name.canonical)"
    add(name, embedding.record, parameter.record, remark)
  }

  private mutating func add(
    _ name: ParameterName, _ left: TensorRecord, _ right: TensorRecord, _ remark: String
  ) {
    guard options.isIncluded(name.canonical) else { return note(name.canonical, .excluded) }
    switch match(name, left, right) {
    case .success(let fit):
      let remarks = [remark, fit.remark, dtypeRemark(left, right)].filter { !$0.isEmpty }
      let all = remarks.joined(separator: "; ")
      pairs.append(TensorPair(name: name, base: fit.base, other: fit.other, remark: all))
      note(name.canonical, .compared, all)
    case .failure(let mismatch):
      note(name.canonical, .shapeMismatch, mismatch.detail)
    }
  }

  private func dtypeRemark(_ left: TensorRecord, _ right: TensorRecord) -> String {
    left.dtype == right.dtype ? "" : "\(left.dtype.rawValue) against \(right.dtype.rawValue)"
  }

  private typealias Fit = (base: TensorRecord, other: TensorRecord, remark: String)
  private struct Mismatch: Error { let detail: String }

  private func match(
    _ name: ParameterName, _ left: TensorRecord, _ right: TensorRecord
  ) -> Result<Fit, Mismatch> {
    if left.shape == right.shape {
      guard squareLayout.isTransposed, name.role == .matrix, name.layer != nil,
        left.shape.rank == 2, left.shape == left.shape.transposed
      else { return .success((left, right, "")) }
    } else if let common = commonRows(name, left, right) {
      return .success(common)
    }
    guard left.shape.rank == 2, left.shape == right.shape.transposed else {
      return .failure(Mismatch(detail: "\(left.shape) against \(right.shape)"))
    }
    guard options.matchesTransposed else {
      return .failure(
        Mismatch(
          detail: "\(left.shape) against \(right.shape), stored transposed; "
            + "--match-transposed compares them"))
    }
    return .success((left, right.transposed, "other is stored transposed"))
  }

  /// Embeddings that differ only in the number of rows, as padded vocabularies do.
  private func commonRows(
    _ name: ParameterName, _ left: TensorRecord, _ right: TensorRecord
  ) -> Fit? {
    let (rows, otherRows) = (left.shape.dimensions.first ?? 0, right.shape.dimensions.first ?? 0)
    guard name.role == .embedding || name.isOutputHead, left.shape.rank == 2, right.shape.rank == 2,
      left.shape.dimensions[1] == right.shape.dimensions[1]
    else { return nil }
    let common = min(rows, otherRows)
    return (
      left.prefix(rows: common), right.prefix(rows: common),
      "first \(common) rows of \(rows) and \(otherRows)"
    )
  }

  mutating func accountForTheRest() {
    for tie in base.ties { note(tie.parameter.name.canonical, .tied, "in base, to \(tie.of)") }
    for tie in other.ties { note(tie.parameter.name.canonical, .tied, "in other, to \(tie.of)") }
    let known = Set(base.buffers.map(\.name.canonical))
    let buffers = base.buffers + other.buffers.filter { !known.contains($0.name.canonical) }
    for buffer in buffers { note(buffer.name.canonical, .buffer, buffer.record.shape.compact) }
  }

  private mutating func note(
    _ name: TensorName, _ status: CoverageEntry.Status, _ detail: String = ""
  ) {
    coverage.append(CoverageEntry(name: name, status: status, detail: detail))
  }
}

/// Whether square matrices of layers, whose shapes cannot tell, are stored transposed: they are
/// if every other matrix of a layer is.
private struct SquareLayout {
  let isTransposed: Bool

  init(base: ParameterList, other: ParameterList) {
    var (straight, transposed) = (0, 0)
    for parameter in base.parameters
    where parameter.name.role == .matrix && parameter.name.layer != nil {
      let shape = parameter.record.shape
      guard let partner = other[parameter.name.canonical]?.record.shape, shape.rank == 2,
        shape != shape.transposed
      else { continue }
      if partner == shape { straight += 1 }
      if partner == shape.transposed { transposed += 1 }
    }
    isTransposed = transposed > 0 && straight == 0
  }
}
