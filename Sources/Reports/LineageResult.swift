import Geometry
import HDF5

extension LineageReport {
  /// The groups `/lineage` and, where a family has three members, `/lineage_triples` of a result
  /// file.
  ///
  /// - Throws: `HDF5Error` if a text cannot be stored.
  public func groups() throws -> [ResultGroup] {
    let (kind, triples) = try (ResultAttribute("kind", .text("lineage")), products())
    let formula = "(d2_ac + d2_bc - d2_ab) / 2; gamma: over min(d2_ac, d2_bc)"
    let summary = try ResultGroup(
      "lineage",
      attributes: [kind, ResultAttribute("verdict", .text(lineage.verdict.rawValue))],
      variables: scales() + memberships() + grids() + [
        ResultVariable(
          "ln_alpha", .float64([lineage.logLevel]),
          longName: "natural logarithm of the level for all pairs together")
      ])
    guard !triples.isEmpty else { return [summary] }
    return try [
      summary,
      ResultGroup(
        "lineage_triples",
        attributes: [kind, ResultAttribute("gromov_formula", .text(formula))], variables: triples),
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

  private func memberships() throws -> [ResultVariable] {
    let members = labels.indices.map { Membership(of: $0, in: lineage) }
    func integer(
      _ name: String, _ longName: String, _ value: (Membership) -> Int?
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: ["checkpoint"],
        .int32(members.map { Int32(clamping: value($0) ?? -1) }), longName: longName)
    }
    func real(
      _ name: String, _ longName: String, _ value: (Membership) -> Double
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: ["checkpoint"], .float64(members.map(value)), longName: longName)
    }
    return try [
      integer("family", "number of the certified family, -1 for none", \.family),
      real("kurtosis", "excess kurtosis, averaged over matrices", \.kurtosis),
      .flags(
        "base_source", dimensions: ["checkpoint"],
        members.map { [.none: 0, .given: 1, .rightAngles: 2][$0.baseSource] ?? 0 },
        meanings: ["none", "given", "right_angles"],
        longName: "where it is known from that this is the base"),
      integer("parent", "position of the parent, -1 if not told", \.parent),
      real("parent_cosine", "greatest partial cosine with one nearer to the base") {
        $0.parentage.cosine
      },
      real("parent_lead", "its lead over all others") { $0.parentage.lead },
      ResultVariable(
        "parent_remark", dimensions: ["checkpoint"], .text(members.map(\.parentage.remark)),
        longName: "why the parent is not told"),
      integer("hint_parent", "position of the parent by distance and kurtosis, a hint", \.hint),
    ]
  }

  private func grids() throws -> [ResultVariable] {
    func grid<Value>(_ empty: Value, _ value: (Lineage.Pair) -> Value) -> [Value] {
      var grid = [Value](repeating: empty, count: labels.count * labels.count)
      for pair in lineage.pairs {
        grid[pair.first * labels.count + pair.second] = value(pair)
        grid[pair.second * labels.count + pair.first] = value(pair)
      }
      return grid
    }
    func real(
      _ name: String, _ longName: String, _ value: (Lineage.Pair) -> Double
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: ["checkpoint", "checkpoint_b"], .float64(grid(.nan, value)),
        longName: longName)
    }
    return try [
      ResultVariable(
        "verdict", dimensions: ["checkpoint", "checkpoint_b"], .text(grid("", \.verdict.rawValue)),
        longName: "finding on the pair"),
      real(
        "ln_p_cert", "natural logarithm of the certified p-value, corrected for all pairs",
        \.logCertified),
      real(
        "r", "norm2(A - B) / sqrt(norm2(A)^2 + norm2(B)^2) over all parameters", \.unlikeness),
      real("d2", "squared distance over the matrices of the family") {
        sharedFamily($0)?.square ?? .nan
      },
      real("partial_cosine", "cosine of the ways from the base, the others projected out") {
        sharedFamily($0)?.partialCosine ?? .nan
      },
    ]
  }

  private func products() throws -> [ResultVariable] {
    let products = lineage.families.flatMap { family in family.products.map { (family, $0) } }
    guard !products.isEmpty else { return [] }
    let dimensions = ["triple"]
    func position(
      _ name: String, _ longName: String, _ value: (GromovProduct) -> Int
    ) throws -> ResultVariable {
      try ResultVariable(
        name, dimensions: dimensions,
        .int32(products.map { Int32(clamping: $0.0.members[value($0.1)]) }), longName: longName)
    }
    return try [
      ResultVariable(
        "triple", dimensions: dimensions, .int64(products.indices.map { Int64($0) }),
        longName: "number of the triple"),
      position("triple_a", "position of a", \.first),
      position("triple_b", "position of b", \.second),
      position("triple_c", "position of c, from which a and b are seen", \.origin),
      ResultVariable(
        "gromov", dimensions: dimensions, .float64(products.map(\.1.value)),
        longName: "inner product of a - c and b - c"),
      ResultVariable(
        "gamma", dimensions: dimensions, .float64(products.map(\.1.ratio)),
        longName: "the same over the lesser square"),
      ResultVariable(
        "triple_cosine", dimensions: dimensions, .float64(products.map(\.1.cosine)),
        longName: "cosine of a - c and b - c"),
    ]
  }
}
