import Geometry
import HDF5
import Tensors

extension NormsReport {
  /// The groups `/norms` and `/coverage` of a result file.
  ///
  /// `/norms` is a grid of comparisons by tensors; where a comparison lacks a tensor, numbers are
  /// NaN, counts are 0 and `status` says so.
  ///
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups() throws -> [ResultGroup] {
    try NormsPlan(comparisons.map { ($0.label, $0.pairing) }).groups(
      comparisons.map { $0.differences.map { $0 } })
  }
}

/// Comparisons by tensors.
struct NormsGrid {
  private let labels: [String]
  private let tensors: [NormsPlan.Pair]
  /// For each comparison, for each tensor.
  private let cells: [[(pair: NormsPlan.Pair, difference: TensorDifference?)?]]

  /// Lays comparisons out.
  ///
  /// - Parameters:
  ///   - comparisons: labels and pairs.
  ///   - differences: of each pair; `nil` while it is pending.
  init(_ comparisons: [NormsPlan.Comparison], _ differences: [[TensorDifference?]]) {
    var (tensors, positions) = ([NormsPlan.Pair](), [TensorName: Int]())
    for pair in comparisons.flatMap(\.pairs)
    where positions.updateValue(0, forKey: pair.name.canonical) == nil {
      tensors.append(pair)
    }
    for (position, pair) in tensors.enumerated() { positions[pair.name.canonical] = position }
    cells = zip(comparisons, differences).map { comparison, differences in
      var row: [(pair: NormsPlan.Pair, difference: TensorDifference?)?] = tensors.map { _ in nil }
      for (pair, difference) in zip(comparison.pairs, differences) {
        if let position = positions[pair.name.canonical] { row[position] = (pair, difference) }
      }
      return row
    }
    (labels, self.tensors) = (comparisons.map(\.label), tensors)
  }

  func group() throws -> ResultGroup {
    try ResultGroup(
      "norms",
      attributes: [
        ResultAttribute("kind", .text("norms")),
        ResultAttribute(
          "diff_scaled_formula", .text("norm2(A - B) / sqrt(n); arXiv 2211.12092, section 5.3")),
      ],
      variables: scales() + labelVariables() + distances() + counts())
  }

  private func scales() throws -> [ResultVariable] {
    try [
      ResultVariable(
        "tensor", dimensions: ["tensor"], .text(tensors.map(\.name.canonical.text)),
        longName: "canonical name of the parameter", attributes: names),
      ResultVariable("pair", dimensions: ["pair"], .text(labels), longName: "comparison"),
    ]
  }

  private func labelVariables() throws -> [ResultVariable] {
    let roles = ParameterName.Role.allCases
    return try [
      ResultVariable(
        "layer", dimensions: ["tensor"],
        .int32(tensors.map { Int32(clamping: $0.name.layer ?? -1) }),
        longName: "layer, -1 for none"),
      ResultVariable(
        "module", dimensions: ["tensor"], .text(tensors.map(\.name.kind)),
        longName: "kind of parameter, shared by layers", attributes: names),
      .flags(
        "role", dimensions: ["tensor"],
        tensors.map { tensor in Int8(roles.firstIndex(of: tensor.name.role) ?? 0) },
        meanings: roles.map(\.rawValue), longName: "role of the parameter"),
      ResultVariable(
        "shape", dimensions: ["tensor"], .text(tensors.map(\.shape)),
        longName: "shape as compared, rows first"),
      text("name_a", "name stored in the base") { $0.names.base.text },
      text("name_b", "name stored in the other") { $0.names.other.text },
      text("dtype_a", "element type in the base") { $0.dtypes.base },
      text("dtype_b", "element type in the other") { $0.dtypes.other },
      text("remark", "how the two were made to match") { $0.remark },
      .flags(
        "status", dimensions: ["pair", "tensor"], codes,
        meanings: ["done", "not_compared"] + (codes.contains(2) ? ["pending"] : []),
        longName: "whether the tensor was compared"),
    ]
  }

  /// 0 done, 1 not compared, 2 pending.
  private var codes: [Int8] {
    cells.flatMap { row in
      row.map { cell in cell.map { $0.difference == nil ? 2 : 0 } ?? 1 }
    }
  }

  private func distances() throws -> [ResultVariable] {
    try [
      real("diff_scaled", "norm2(A - B) / sqrt(n)", \.rootMeanSquare),
      real("diff_l2", "norm2(A - B)", \.l2),
      real("diff_max", "largest |A - B|", \.largest),
      real("diff_mean", "average of B - A", \.mean),
      real("norm_a", "norm2(A)", \.normA),
      real("norm_b", "norm2(B)", \.normB),
      real("rel_diff", "norm2(A - B) / norm2(A)", \.relative),
      real("cosine", "cosine between A and B", \.cosine),
    ]
  }

  private func counts() throws -> [ResultVariable] {
    try [
      integer("numel", "elements compared") { $0.count },
      integer("diff_max_index", "row-major position of the largest |A - B|, -1 for none") {
        $0.largestIndex ?? -1
      },
      integer("n_identical", "elements with the same bits") { $0.identical },
      integer("n_equal", "elements with the same value") { $0.equal },
      integer("n_within_one_ulp", "elements at most one ULP apart") { $0.withinOneULP },
      integer("n_nan_a", "NaN elements of the base") { $0.nanA },
      integer("n_inf_a", "infinite elements of the base") { $0.infiniteA },
      integer("n_nan_b", "NaN elements of the other") { $0.nanB },
      integer("n_inf_b", "infinite elements of the other") { $0.infiniteB },
      integer("n_nonfinite", "NaN and infinite elements of both") { $0.nonfinite },
    ]
  }

  private var coordinates: [ResultAttribute] {
    [ResultAttribute("coordinates", .text("layer module role"))]
  }

  /// Marks text that may begin with a slash and is no path of the user's.
  private var names: [ResultAttribute] { [ResultAttribute("content", .text("language"))] }

  private func text(
    _ name: String, _ longName: String, _ value: (NormsPlan.Pair) -> String
  ) throws -> ResultVariable {
    try ResultVariable(
      name, dimensions: ["pair", "tensor"],
      .text(cells.flatMap { row in row.map { cell in cell.map { value($0.pair) } ?? "" } }),
      longName: longName, attributes: names)
  }

  private func real(
    _ name: String, _ longName: String, _ value: (TensorDifference) -> Double
  ) throws -> ResultVariable {
    try ResultVariable(
      name, dimensions: ["pair", "tensor"],
      .float64(
        cells.flatMap { row in row.map { $0?.difference.map(value) ?? .nan } }),
      longName: longName, units: "1", attributes: coordinates)
  }

  private func integer(
    _ name: String, _ longName: String, _ value: (TensorDifference) -> Int
  ) throws -> ResultVariable {
    try ResultVariable(
      name, dimensions: ["pair", "tensor"],
      .int64(
        cells.flatMap { row in row.map { $0?.difference.map { Int64(value($0)) } ?? 0 } }),
      longName: longName, units: "1", attributes: coordinates)
  }
}
