import Checkpoints
import Glibc
import LinearAlgebra
import Tensors
import Threads

/// A matrix to be decomposed: a parameter of one checkpoint, or the difference A − B of two.
public struct SpectralItem: Sendable {
  /// The parameter's name and what it says.
  public let name: ParameterName
  /// A, of two or more extents.
  public let base: TensorRecord
  /// B, of the same shape, or `nil`.
  public let other: TensorRecord?
  /// How the tensors were made matrices to be compared, or an empty string.
  public let remark: String

  fileprivate init(
    _ name: ParameterName, _ base: TensorRecord, _ other: TensorRecord?, remark: String
  ) {
    (self.name, self.base, self.other) = (name, base, other)
    let (rows, columns) = base.shape.matrixExtents
    let flattening = base.shape.rank == 2 ? [] : ["taken as \(rows)x\(columns)"]
    self.remark = ([remark].filter { !$0.isEmpty } + flattening).joined(separator: "; ")
  }

  var extents: (rows: Int, columns: Int) { base.shape.matrixExtents }
}

/// The singular values of every matrix of a checkpoint, or of every difference between two.
public struct SpectralAnalysis: Sendable {
  /// What is decomposed, in the base's order.
  public let items: [SpectralItem]
  /// One entry for each parameter: those decomposed, those that are no matrices, then buffers,
  /// ties, and what has no partner or was excluded.
  public let coverage: [CoverageEntry]
  private let options: Options

  /// How to decompose.
  public struct Options: Sendable {
    /// How many of the largest values to compute where all of them take more memory than is
    /// granted; `nil` refuses those matrices.
    public var leading: Int?
    /// Of what is drawn at random for that.
    public var seed: UInt64 = 0

    /// All values.
    public init() {}
  }

  /// Plans the differences between two checkpoints.
  ///
  /// - Parameters:
  ///   - pairing: what to subtract.
  ///   - options: how to decompose.
  public init(_ pairing: CheckpointPairing, options: Options = Options()) {
    self.init(
      pairing.pairs.map { ($0.name, $0.base, $0.other, $0.remark) },
      leftOut: pairing.coverage.filter { $0.status != .compared }, options: options)
  }

  /// Plans the matrices of one checkpoint.
  ///
  /// - Parameters:
  ///   - parameters: of which to take some.
  ///   - options: how to decompose.
  ///   - isIncluded: which canonical names to take.
  public init(
    _ parameters: ParameterList, options: Options = Options(),
    isIncluded: (TensorName) -> Bool = { _ in true }
  ) {
    func entry(
      _ name: ParameterName, _ status: CoverageEntry.Status, _ detail: String = ""
    ) -> CoverageEntry {
      CoverageEntry(name: name.canonical, status: status, detail: detail)
    }
    let all = parameters.parameters
    let taken = all.filter { isIncluded($0.name.canonical) }
    let excluded = all.filter { !isIncluded($0.name.canonical) }
    self.init(
      taken.map { ($0.name, $0.record, nil, "") },
      leftOut: parameters.buffers.map { entry($0.name, .buffer) }
        + parameters.ties.map { entry($0.parameter.name, .tied, "to \($0.of)") }
        + excluded.map { entry($0.name, .excluded) }, options: options)
  }

  private init(
    _ all: [(name: ParameterName, a: TensorRecord, b: TensorRecord?, remark: String)],
    leftOut: [CoverageEntry], options: Options
  ) {
    self.options = options
    items = all.filter { $0.a.shape.rank >= 2 }.map {
      SpectralItem($0.name, $0.a, $0.b, remark: $0.remark)
    }
    let vectors = all.filter { $0.a.shape.rank < 2 }
    coverage =
      items.map {
        CoverageEntry(name: $0.name.canonical, status: .decomposed, detail: $0.remark)
      }
      + vectors.map {
        CoverageEntry(name: $0.name.canonical, status: .notMatrix, detail: $0.a.shape.compact)
      } + leftOut
  }

  /// Decomposes everything, the matrices that take longest first, so that no thread is left
  /// alone with one of them at the end.
  ///
  /// - Parameter resources: how much of the machine to use.
  /// - Returns: the spectrum of each item, in their order; the same bits for any number of
  ///   threads, and for any memory with which the same method is used.
  /// - Throws: `CheckpointError` if a file cannot be read to its end, or a matrix takes more
  ///   memory than is granted.
  public func run(using resources: WalkResources) throws -> [MatrixSpectrum] {
    let costs = try items.map { try cost(of: $0, granted: resources.scratchByteCount) }
    let survey = try Survey(items, using: resources)
    let budget = ByteBudget(resources.scratchByteCount)
    let order = costs.indices.sorted { (costs[$1].work, $0) < (costs[$0].work, $1) }
    let spectra = try concurrentMap(order.count, threads: resources.threads) { position in
      let index = order[position]
      return try budget.holding(costs[index].byteCount) {
        try spectrum(at: index, method: costs[index].method, survey)
      }
    }
    let places = order.indices.sorted { order[$0] < order[$1] }
    return places.map { spectra[$0] }
  }

  private typealias Cost = (method: MatrixSpectrum.Method, byteCount: Int, work: Double)

  private func cost(of item: SpectralItem, granted: Int) throws -> Cost {
    let (long, short) = (
      max(item.extents.rows, item.extents.columns), min(item.extents.rows, item.extents.columns)
    )
    let (area, side) = (Double(long) * Double(short), Double(short))
    let all = SingularValues.byteCount(rows: long, columns: short)
    if all <= granted { return (.complete, all, area * side + 4 * side * side * side) }
    guard let leading = options.leading else {
      throw refusal(of: item, needed: all, granted: granted, "--leading finds the largest values")
    }
    let some = RandomizedSVD.byteCount(rows: long, columns: short, count: leading)
    guard some <= granted else {
      throw refusal(of: item, needed: some, granted: granted, "even for \(leading) values")
    }
    return (.leading, some, 36 * area * Double(leading))
  }

  /// Half of the memory is for scratch space, so twice of what is needed must be granted.
  private func refusal(
    of item: SpectralItem, needed: Int, granted: Int, _ remark: String
  ) -> CheckpointError {
    CheckpointError(
      .unsupported, in: item.base.file.path, tensor: item.base.name,
      "singular values of \(item.extents.rows)x\(item.extents.columns) take "
        + "\(2 * needed / 1_000_000 + 1) MB of memory, and \(2 * granted / 1_000_000) MB are "
        + "granted; --memory grants more, \(remark)")
  }

  private func spectrum(
    at index: Int, method: MatrixSpectrum.Method, _ survey: Survey
  ) throws -> MatrixSpectrum {
    let (item, factor) = (items[index], survey.factors[index])
    let matrix = StoredMatrix(item.base, minus: item.other, factor: factor)
    let isFinite = survey.isFinite[index]
    let norm =
      factor == 1 || !isFinite
      ? survey.norms[index] * factor : try matrix.squaredSum().squareRoot()
    func result(
      _ method: MatrixSpectrum.Method, _ values: [Double], remainder: Double = 0
    ) -> MatrixSpectrum {
      MatrixSpectrum(
        extents: item.extents, values: values, method: method,
        frobeniusNorm: norm / factor, roundingError: survey.roundingErrors[index],
        remainder: remainder)
    }
    guard isFinite else { return result(.notFinite, []) }
    guard method == .leading, let leading = options.leading else {
      return result(.complete, try SingularValues.all(of: matrix).map { $0 / factor })
    }
    let random = RandomStream(seed: options.seed, stream: UInt64(index))
    let svd = try RandomizedSVD(matrix, count: leading, random: random)
    // Both squares are sums of rounded products: their difference is uncertain by some 2^-44.
    let total = norm * norm
    let missed = max(total - svd.capturedSquare, 0) + 0x1p-44 * total
    return result(
      .leading, svd.values.map { $0 / factor }, remainder: missed.squareRoot() / factor)
  }
}

/// What passes over all elements tell before matrices are decomposed.
private struct Survey: Sendable {
  /// ‖D‖_F of each item, if no square overflowed or underflowed.
  let norms: [Double]
  /// Whether all elements of each item are finite.
  let isFinite: [Bool]
  /// Powers of two with which elements are near 1 where their squares might overflow or
  /// underflow, else 1.
  let factors: [Double]
  /// Root mean squares of what rounding does to elements of A, and of B if there is one, added.
  let roundingErrors: [Double]

  init(_ items: [SpectralItem], using resources: WalkResources) throws {
    let figures = try Survey.figures(of: items, using: resources)
    norms = figures.map(\.norm)
    isFinite = figures.map { $0.largest.isFinite && $0.nonfinite == 0 }
    factors = figures.map { scalingFactor(largest: $0.largest) }
    let records = items.map(\.base) + items.compactMap(\.other)
    let errors = try Geometry.roundingErrors(of: records, using: resources)
    roundingErrors = items.indices.map { index in
      items[index].other == nil ? errors[index] : hypot(errors[index], errors[items.count + index])
    }
  }

  private typealias Figures = (norm: Double, largest: Double, nonfinite: Int)

  private static func figures(
    of items: [SpectralItem], using resources: WalkResources
  ) throws -> [Figures] {
    guard items.first?.other != nil else {
      return try statistics(of: items.map(\.base), using: resources).map { tensor in
        let largest = max(-tensor.least, tensor.greatest)
        return (tensor.norm, largest.isNaN ? 0 : largest, tensor.nan + tensor.infinite)
      }
    }
    let pairs = items.compactMap { item in
      item.other.map { TensorPair(name: item.name, base: item.base, other: $0, remark: "") }
    }
    return try PairWalk(pairs: [pairs]).differences(using: resources)[0].map {
      ($0.l2, $0.largest, $0.nonfinite)
    }
  }
}
