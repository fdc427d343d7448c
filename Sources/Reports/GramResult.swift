import Geometry
import HDF5
import Tensors

extension GramReport {
  /// The groups `/gram`, `/gram_tensors` and `/gram_axes` of a result file.
  ///
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups() throws -> [ResultGroup] {
    try [summary(), tensorGroup()] + axisGroups()
  }

  private static let kind = "gram"

  private func summary() throws -> ResultGroup {
    try ResultGroup(
      "gram",
      attributes: [
        ResultAttribute("kind", .text(GramReport.kind)),
        ResultAttribute("base_position", .int32(Int32(base ?? -1))),
        ResultAttribute("product_formula", .text("sum over elements of A B")),
        ResultAttribute("d2_formula", .text("sum over elements of (A - B)^2, summed directly")),
      ],
      variables: scales() + [
        integers("numel", [], "elements of each checkpoint", [total.elementCount]),
        integers("nonfinite", ["checkpoint"], "NaN and infinite elements", total.nonfinite),
        ResultVariable(
          "norm", dimensions: ["checkpoint"], .float64(labels.indices.map { total.norm($0) }),
          longName: "norm2(A)"),
      ] + [
        grid("product", "inner product of A and B") { $0.product($1, $2) },
        grid("d2", "norm2(A - B) squared") { $0.squaredDistance($1, $2) },
        grid("rms", "norm2(A - B) / sqrt(n)") { $0.rootMeanSquare($1, $2) },
        grid("angle", "angle between A and B", units: "degree") { $0.angle($1, $2) },
        grid("task_cosine", "cosine between A - base and B - base") { matrix, first, second in
          base.map { matrix.taskCosine(first, second, base: $0) } ?? .nan
        },
      ])
  }

  private func tensorGroup() throws -> ResultGroup {
    let names = entries.map(\.name)
    let language = [ResultAttribute("content", .text("language"))]
    let roles = ParameterName.Role.allCases
    return try ResultGroup(
      "gram_tensors", attributes: [ResultAttribute("kind", .text(GramReport.kind))],
      variables: [
        ResultVariable(
          "tensor", dimensions: ["tensor"], .text(names.map(\.canonical.text)),
          longName: "canonical name of the parameter", attributes: language)
      ] + scales() + [
        ResultVariable(
          "layer", dimensions: ["tensor"], .int32(names.map { Int32(clamping: $0.layer ?? -1) }),
          longName: "layer, -1 for none"),
        ResultVariable(
          "module", dimensions: ["tensor"], .text(names.map(\.kind)),
          longName: "kind of parameter, shared by layers", attributes: language),
        .flags(
          "role", dimensions: ["tensor"],
          names.map { name in Int8(roles.firstIndex(of: name.role) ?? 0) },
          meanings: roles.map(\.rawValue), longName: "role of the parameter"),
        integers("numel", ["tensor"], "elements", entries.map(\.matrix.elementCount)),
        integers(
          "nonfinite", ["tensor", "checkpoint"], "NaN and infinite elements",
          entries.flatMap(\.matrix.nonfinite)),
        tensorGrid("product", "inner product of A and B") { $0.product($1, $2) },
        tensorGrid("d2", "norm2(A - B) squared") { $0.squaredDistance($1, $2) },
      ] + status())
  }

  /// Which tensors are summed; told only where one is not.
  private func status() throws -> [ResultVariable] {
    guard entries.contains(where: \.isPending) else { return [] }
    return [
      try .flags(
        "status", dimensions: ["tensor"], entries.map { $0.isPending ? 1 : 0 },
        meanings: ["done", "pending"], longName: "whether the tensor is summed")
    ]
  }

  private func axisGroups() throws -> [ResultGroup] {
    guard let scaling = ClassicalScaling(total) else { return [] }
    let axes = scaling.values.indices
    return try [
      ResultGroup(
        "gram_axes",
        attributes: [
          ResultAttribute("kind", .text(GramReport.kind)),
          ResultAttribute("method", .text("classical scaling (Torgerson 1952) of d2")),
        ],
        variables: [
          ResultVariable(
            "axis", dimensions: ["axis"], .int64(axes.map { Int64($0) }), longName: "axis"),
          ResultVariable(
            "checkpoint", dimensions: ["checkpoint"], .text(labels), longName: "checkpoint"),
          ResultVariable(
            "axis_share", dimensions: ["axis"], .float64(axes.map { scaling.share($0) }),
            longName: "share of all squared distances"),
          ResultVariable(
            "coordinate", dimensions: ["axis", "checkpoint"],
            .float64(scaling.coordinates.flatMap { $0 }),
            longName: "coordinate; distances are norm2(A - B)"),
        ])
    ]
  }

  private func scales() throws -> [ResultVariable] {
    try [
      ResultVariable(
        "checkpoint", dimensions: ["checkpoint"], .text(labels), longName: "checkpoint"),
      ResultVariable(
        "checkpoint_b", dimensions: ["checkpoint_b"], .text(labels),
        longName: "checkpoint compared with"),
    ]
  }

  private func integers(
    _ name: String, _ dimensions: [String], _ longName: String, _ values: [Int]
  ) throws -> ResultVariable {
    try ResultVariable(
      name, dimensions: dimensions, .int64(values.map { Int64($0) }), longName: longName)
  }

  private func cells(
    _ matrix: GramMatrix, _ value: (GramMatrix, Int, Int) -> Double
  ) -> [Double] {
    labels.indices.flatMap { first in
      labels.indices.map { second in
        let cell = value(matrix, first, second)
        return cell.isNaN ? .nan : cell
      }
    }
  }

  private func grid(
    _ name: String, _ longName: String, units: String = "1",
    _ value: (GramMatrix, Int, Int) -> Double
  ) throws -> ResultVariable {
    try ResultVariable(
      name, dimensions: ["checkpoint", "checkpoint_b"], .float64(cells(total, value)),
      longName: longName, units: units)
  }

  private func tensorGrid(
    _ name: String, _ longName: String, _ value: (GramMatrix, Int, Int) -> Double
  ) throws -> ResultVariable {
    try ResultVariable(
      name, dimensions: ["tensor", "checkpoint", "checkpoint_b"],
      .float64(entries.flatMap { cells($0.matrix, value) }), longName: longName)
  }
}

extension GramReport {
  /// The most checkpoints that are compared with each other.
  public static let mostCheckpoints = 64

  /// The groups that ``init(_:)`` needs.
  public static let groupNames = ["gram", "gram_tensors"]

  /// Reads back what ``groups()`` wrote.
  ///
  /// - Parameter stored: a result file.
  /// - Throws: `HDF5Error` if it holds no inner products.
  public init(_ stored: StoredResult) throws {
    guard GramReport.groupNames.allSatisfy(stored.holds(group:)),
      case .int32(let positions)? = stored.attribute("base_position", of: "gram")
    else { throw HDF5Error(.foreignFile("holds no result of `transect gram`")) }
    let labels = try stored.texts("checkpoint", in: "gram")
    guard (1...GramReport.mostCheckpoints).contains(labels.count) else {
      throw HDF5Error(.foreignFile("holds \(labels.count) checkpoints, not 1 to 64"))
    }
    let position = positions.first.map { Int($0) } ?? -1
    self.init(
      labels: labels, base: labels.indices.contains(position) ? position : nil,
      entries: try GramReport.entries(stored, order: labels.count))
  }

  private static func entries(_ stored: StoredResult, order: Int) throws -> [Entry] {
    let group = "gram_tensors"
    let names = names(try stored.texts("tensor", in: group))
    let grid = [names.count, order, order]
    let products = try stored.reals("product", in: group, extents: grid)
    let squares = try stored.reals("d2", in: group, extents: grid)
    let sizes = try stored.counts("numel", in: group, extents: [names.count])
    let nonfinite = try stored.counts("nonfinite", in: group, extents: [names.count, order])
    guard (sizes + nonfinite).allSatisfy({ $0 < mostElements }) else {
      throw HDF5Error(.foreignFile("holds counts beyond any checkpoint"), group: group)
    }
    return names.indices.map { index in
      let cells = index * order * order..<(index + 1) * order * order
      return Entry(
        name: names[index],
        matrix: GramMatrix(
          order: order, elementCount: sizes[index],
          nonfinite: Array(nonfinite[index * order..<(index + 1) * order]),
          products: Array(products[cells]), squares: Array(squares[cells])))
    }
  }

  /// More elements than a tensor can have; so many tensors as a file can hold do not overflow.
  private static let mostElements = 1 << 36

  private static func names(_ texts: [String]) -> [ParameterName] {
    let names = texts.compactMap { text in
      Shape([]).map { ParameterName(TensorName(text), shape: $0) }
    }
    let stacks = Set(names.filter { $0.layer != nil }.compactMap(\.leadingStack))
    return stacks.count > 1 ? names.map(\.tellingStacksApart) : names
  }
}
