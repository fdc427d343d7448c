import Geometry
import HDF5
import Tensors

extension SpectrumReport {
  /// The groups `/spectrum`, `/spectrum_sigma`, `/spectrum_energy` and `/coverage` of a result
  /// file.
  ///
  /// The first has one row for each matrix, so that a reader can make one table of it; the others
  /// are grids of matrices by singular values, and by ranks.
  ///
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups() throws -> [ResultGroup] {
    try [
      ResultGroup(
        "spectrum", attributes: kind, variables: [tensorScale()] + labels() + figures()),
      ResultGroup(
        "spectrum_sigma", attributes: kind, variables: [tensorScale()] + singularValues()),
      ResultGroup("spectrum_energy", attributes: kind, variables: [tensorScale()] + energies()),
      coverage.group(),
    ]
  }

  private var kind: [ResultAttribute] {
    [
      ResultAttribute("kind", .text("spectrum")), ResultAttribute("matrices", .text(label)),
      ResultAttribute(
        "low_rank_rule",
        .text(
          "n_above_floor = r >= 1, 4 r <= smaller extent, sigma_r >= 2 sigma_(r+1); floor = "
            + "1.25 s (sqrt(rows) + sqrt(columns)), s^2 = sum of squared spacings / 12")),
      ResultAttribute(
        "leading_bound",
        .text("where method is leading: sigma^2 <= true sigma^2 <= sigma^2 + remainder^2")),
    ]
  }

  /// Marks text that may begin with a slash and is no path of the user's.
  private var names: [ResultAttribute] { [ResultAttribute("content", .text("language"))] }

  private func tensorScale() throws -> ResultVariable {
    try text("tensor", "canonical name of the parameter", items.map(\.name.canonical.text))
  }

  private func text(
    _ name: String, _ longName: String, _ values: [String]
  ) throws -> ResultVariable {
    try ResultVariable(
      name, dimensions: ["tensor"], .text(values), longName: longName, attributes: names)
  }

  private func labels() throws -> [ResultVariable] {
    let (roles, methods) = (ParameterName.Role.allCases, MatrixSpectrum.Method.allCases)
    return try [
      ResultVariable(
        "layer", dimensions: ["tensor"],
        .int32(items.map { Int32(clamping: $0.name.layer ?? -1) }),
        longName: "layer, -1 for none"),
      text("module", "kind of parameter, shared by layers", items.map(\.name.kind)),
      .flags(
        "role", dimensions: ["tensor"],
        items.map { item in Int8(roles.firstIndex(of: item.name.role) ?? 0) },
        meanings: roles.map(\.rawValue), longName: "role of the parameter"),
      text("shape", "shape as stored in the first checkpoint", items.map(\.base.shape.compact)),
      text("dtype_a", "element type in the first", items.map(\.base.dtype.rawValue)),
      text(
        "dtype_b", "element type in the second", items.map { $0.other?.dtype.rawValue ?? "" }),
      text("remark", "how the tensors were made matrices to be compared", items.map(\.remark)),
      .flags(
        "method", dimensions: ["tensor"],
        spectra.map { spectrum in Int8(methods.firstIndex(of: spectrum.method) ?? 0) },
        meanings: methods.map(\.rawValue), longName: "how singular values were computed"),
      text("verdict", "whether the matrix is of low rank", items.indices.map(verdict)),
    ]
  }

  private func figures() throws -> [ResultVariable] {
    try [
      real("spectral_norm", "largest singular value", \.spectralNorm),
      real(
        "spectral_norm_bound", "the most that the largest singular value can be",
        \.spectralNormBound),
      real("frobenius_norm", "Frobenius norm", \.frobeniusNorm),
      real("stable_rank", "squared Frobenius norm / squared spectral norm", \.stableRank),
      real(
        "effective_rank", "exponential of the entropy of sigma / sum of sigma", \.effectiveRank),
      real("rounding_floor", "largest singular value due to rounding", \.roundingFloor),
      real("remainder", "sigma^2 may exceed its stored value by this, squared", \.remainder),
      integer("rows", "rows of the matrix") { $0.extents.rows },
      integer("columns", "columns of the matrix") { $0.extents.columns },
      integer("n_sigma", "singular values stored") { $0.values.count },
      integer("n_above_floor", "singular values above the rounding floor, -1 if not known") {
        $0.numericalRank ?? -1
      },
      integer("low_rank", "low rank that the matrix has but for rounding, -1 for none") {
        $0.lowRank ?? -1
      },
    ]
  }

  private func singularValues() throws -> [ResultVariable] {
    let most = spectra.map(\.values.count).max() ?? 0
    return try [
      ResultVariable(
        "k", dimensions: ["k"], .int64((0..<most).map { Int64($0 + 1) }),
        longName: "number of the singular value, the largest is 1"),
      ResultVariable(
        "sigma", dimensions: ["tensor", "k"],
        .float64(
          spectra.flatMap { spectrum in
            spectrum.values + Array(repeating: .nan, count: most - spectrum.values.count)
          }), longName: "singular value, NaN beyond the last"),
    ]
  }

  private func energies() throws -> [ResultVariable] {
    let ranks = SpectrumReport.ranks
    return try [
      ResultVariable(
        "r", dimensions: ["r"], .int64(ranks.map { Int64($0) }), longName: "rank"),
      ResultVariable(
        "energy", dimensions: ["tensor", "r"],
        .float64(spectra.flatMap { spectrum in ranks.map { spectrum.energy(rank: $0) } }),
        longName: "share of the squared Frobenius norm in the r largest singular values"),
    ]
  }

  private func real(
    _ name: String, _ longName: String, _ value: (MatrixSpectrum) -> Double
  ) throws -> ResultVariable {
    try ResultVariable(
      name, dimensions: ["tensor"], .float64(spectra.map(value)), longName: longName,
      attributes: coordinates)
  }

  private func integer(
    _ name: String, _ longName: String, _ value: (MatrixSpectrum) -> Int
  ) throws -> ResultVariable {
    try ResultVariable(
      name, dimensions: ["tensor"], .int64(spectra.map { Int64(value($0)) }), longName: longName,
      attributes: coordinates)
  }

  private var coordinates: [ResultAttribute] {
    [ResultAttribute("coordinates", .text("layer module role"))]
  }
}
