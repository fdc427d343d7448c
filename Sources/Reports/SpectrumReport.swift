import Geometry
import Tensors

/// The order of rows of a spectrum report.
public enum SpectrumOrder: String, CaseIterable, Sendable {
  /// As in the first checkpoint.
  case file
  /// By name.
  case name
  /// The largest σ_1 first.
  case spectral
  /// The largest ‖·‖_F first.
  case frobenius
  /// The least stable rank first.
  case stable
  /// The least effective rank first.
  case effective
  /// The least numerical rank first.
  case rank
}

/// The singular values of a checkpoint's matrices, or of the differences between two.
public struct SpectrumReport: Sendable {
  /// What was decomposed, `A` or `base→other`.
  public let label: String
  let items: [SpectralItem]
  let spectra: [MatrixSpectrum]
  private let entries: [CoverageEntry]

  /// Ranks whose share of energy is reported.
  static let ranks = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024]

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - labels: of the one or two checkpoints.
  ///   - analysis: what was decomposed.
  ///   - spectra: of each of its items.
  public init(labels: [String], _ analysis: SpectralAnalysis, _ spectra: [MatrixSpectrum]) {
    precondition(analysis.items.count == spectra.count)
    label = labels.joined(separator: "→")
    (items, self.spectra, entries) = (analysis.items, spectra, analysis.coverage)
  }

  /// What became of every parameter.
  public var coverage: CoverageReport { CoverageReport([(label, entries)]) }

  private var isDifference: Bool { items.contains { $0.other != nil } }

  /// Matrices that hold NaN or infinities.
  public var notFinite: Int { spectra.filter { $0.method == .notFinite }.count }

  /// `low rank: r`, `unchanged`, or nothing.
  func verdict(_ index: Int) -> String {
    let spectrum = spectra[index]
    if let rank = spectrum.lowRank { return "low rank: \(rank)" }
    return isDifference && spectrum.frobeniusNorm == 0 ? "unchanged" : ""
  }

  /// One line on what was decomposed and what not.
  public var summary: String {
    func count(_ number: Int, _ what: String) -> [String] {
      number > 0 ? ["\(number) \(what)"] : []
    }
    let flattened = items.filter { $0.base.shape.rank > 2 }.count
    let parts =
      ["\(items.count) matrices"]
      + count(flattened, "of them flattened to [outermost extent, rest]")
      + count(
        spectra.filter { $0.method == .leading }.count, "of them by their largest values only")
      + count(notFinite, "of them not finite")
      + CoverageEntry.Status.allCases.filter { $0 != .decomposed }.flatMap { status in
        count(entries.filter { $0.status == status }.count, status.rawValue)
      }
    return "\(label): \(parts.joined(separator: ", "))".escapedForTerminal
  }

  private var hasLeading: Bool { spectra.contains { $0.method == .leading } }

  /// How far values may fall short, where only the largest were found.
  public var errorBound: String? {
    guard hasLeading else { return nil }
    return "largest values only: σ̂_i ≤ σ_i ≤ √(σ̂_i² + ρ²) for each σ̂_i found by randomized "
      + "subspace iteration"
  }

  /// How many of the differences are of low rank, if any is, and, if most are, what that is a sign
  /// of.
  public var conclusion: String? {
    let ranks = spectra.compactMap(\.lowRank)
    let changed = spectra.filter { $0.frobeniusNorm > 0 }.count
    guard isDifference, let least = ranks.min(), let most = ranks.max() else {
      return nil
    }
    let range = least == most ? "\(least)" : "\(least) to \(most)"
    let sign = 2 * ranks.count > changed ? ", as merged low-rank updates (LoRA) are" : ""
    return
      "\(ranks.count) of \(changed) differences are of low rank (\(range)) but for rounding\(sign)"
  }
}

extension SpectrumReport {
  /// One row for each matrix, in an order, only the first of them.
  ///
  /// - Parameters:
  ///   - order: which rows come first; NaN before all.
  ///   - limit: how many rows, or `nil` for all.
  /// - Returns: a table with a column for each quantity.
  public func table(order: SpectrumOrder, limit: Int?) -> ReportTable {
    let sorted = sortedIndices(order)
    return table(of: Array(sorted.prefix(limit ?? sorted.count)))
  }

  private func sortedIndices(_ order: SpectrumOrder) -> [Int] {
    switch order {
    case .file: Array(items.indices)
    case .name:
      items.indices.sorted { items[$0].name.canonical.text < items[$1].name.canonical.text }
    case .spectral: ascending { -$0.spectralNorm }
    case .frobenius: ascending { -$0.frobeniusNorm }
    case .stable: ascending(\.stableRank)
    case .effective: ascending(\.effectiveRank)
    case .rank: ascending { $0.numericalRank.map { Double($0) } ?? .nan }
    }
  }

  private func ascending(_ key: (MatrixSpectrum) -> Double) -> [Int] {
    let keys = spectra.map { spectrum in
      let value = key(spectrum)
      return value.isNaN ? -Double.infinity : value
    }
    return items.indices.sorted { (keys[$0], $0) < (keys[$1], $1) }
  }

  private func table(of rows: [Int]) -> ReportTable {
    let (items, spectra) = (rows.map { self.items[$0] }, rows.map { self.spectra[$0] })
    let shown = isDifference ? "‖A−B‖" : "‖A‖"
    func real(
      _ name: String, _ heading: String? = nil, _ value: (MatrixSpectrum) -> Double
    ) -> ReportTable.Column {
      .init(name, heading: heading, .real(spectra.map(value)))
    }
    let energies = SpectrumReport.ranks.map { rank in
      real("energy_\(rank)", [1, 8, 64].contains(rank) ? "energy r=\(rank)" : nil) {
        $0.energy(rank: rank)
      }
    }
    return ReportTable(
      rowCount: rows.count,
      columns: [
        .init("tensor", heading: "tensor", .text(items.map(\.name.canonical.text))),
        .init("numerical_rank", heading: "rank", .integer(spectra.map(\.numericalRank))),
        .init("verdict", heading: "verdict", .text(rows.map(verdict))),
        real("spectral_norm", "\(shown)₂", \.spectralNorm),
        real("spectral_norm_bound", hasLeading ? "at most" : nil, \.spectralNormBound),
        real("stable_rank", "stable", \.stableRank),
        real("effective_rank", "effective", \.effectiveRank),
        .init("shape", heading: "shape", .text(items.map(\.base.shape.compact))),
        real("frobenius_norm", "\(shown)_F", \.frobeniusNorm),
      ] + energies + [
        real("rounding_floor", nil, \.roundingFloor),
        .init("low_rank", .integer(spectra.map(\.lowRank))),
        .init("method", .text(spectra.map(\.method.rawValue))),
        .init("n_sigma", .integer(spectra.map { $0.values.count })),
        real("sigma_least", nil) { $0.values.last ?? .nan },
        real("remainder", hasLeading ? "ρ" : nil, \.remainder),
        .init("layer", .integer(items.map(\.name.layer))),
        .init("module", .text(items.map(\.name.kind))),
        .init("role", .text(items.map(\.name.role.rawValue))),
        .init("dtype_a", .text(items.map(\.base.dtype.rawValue))),
        .init("dtype_b", .text(items.map { $0.other?.dtype.rawValue ?? "" })),
        .init("remark", .text(items.map(\.remark))),
      ])
  }
}
