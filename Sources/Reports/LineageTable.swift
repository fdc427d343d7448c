import Checkpoints
import Geometry
import Glibc
import JSON

extension LineageReport {
  /// One row for each pair of checkpoints.
  public var pairTable: ReportTable {
    let pairs = lineage.pairs
    let shared = pairs.map(sharedFamily)
    let squares = shared.map { $0?.square ?? .nan }
    return ReportTable(
      rowCount: pairs.count,
      columns: [
        .init("a", heading: "a", .text(pairs.map { labels[$0.first] })),
        .init("b", heading: "b", .text(pairs.map { labels[$0.second] })),
        .init("verdict", heading: "verdict", .text(pairs.map(\.verdict.rawValue))),
        .init("certified", .integer(pairs.map { $0.isCertified ? 1 : 0 })),
        .init("ln_p_cert", .real(pairs.map(\.logCertified))),
        .init(nil, heading: "log10 p", .real(pairs.map { $0.logCertified / log(10) })),
        .init("r", heading: "R", .real(pairs.map(\.unlikeness))),
        .init("family", .integer(shared.map { $0.map { $0.number + 1 } })),
        .init("d2", .real(squares)),
        .init(nil, heading: "distance", .real(squares.map { $0.squareRoot() })),
        .init("partial_cosine", .real(shared.map { $0?.partialCosine ?? .nan })),
      ])
  }

  /// One row for each checkpoint.
  public var checkpointTable: ReportTable {
    let members = labels.indices.map { Membership(of: $0, in: lineage) }
    return ReportTable(
      rowCount: members.count,
      columns: [
        .init("checkpoint", heading: "checkpoint", .text(labels)),
        .init("family", heading: "family", .integer(members.map { $0.family.map { $0 + 1 } })),
        .init("kurtosis", heading: "kurtosis", .real(members.map(\.kurtosis))),
        .init("base", heading: "base", .text(members.map(\.baseSource.rawValue))),
        .init("parent", heading: "parent", .text(members.map { label($0.parent) })),
        .init("parent_cosine", heading: "cosine", .real(members.map(\.parentage.cosine))),
        .init("parent_lead", heading: "lead", .real(members.map(\.parentage.lead))),
        .init("hint_parent", heading: "hint", .text(members.map { label($0.hint) })),
        .init("remark", heading: "remark", .text(members.map(\.parentage.remark))),
      ])
  }

  /// One row for each pair of a family as seen from each third member.
  public var productTable: ReportTable {
    let products = lineage.families.flatMap { family in family.products.map { (family, $0) } }
    func text(_ name: String, _ position: (GromovProduct) -> Int) -> ReportTable.Column {
      .init(name, heading: name, .text(products.map { labels[$0.0.members[position($0.1)]] }))
    }
    return ReportTable(
      rowCount: products.count,
      columns: [
        text("a") { $0.first }, text("b") { $0.second }, text("from") { $0.origin },
        .init("product", heading: "product", .real(products.map(\.1.value))),
        .init("gamma", heading: "gamma", .real(products.map(\.1.ratio))),
        .init("cosine", heading: "cosine", .real(products.map(\.1.cosine))),
      ])
  }

  /// The verdict as one JSON object.
  public var verdictLine: String {
    let families = lineage.families.map { family in
      jsonObject([
        (
          "members",
          "[" + family.members.map { jsonString(labels[$0]) }.joined(separator: ",") + "]"
        ),
        ("ln_p_weakest", family.logWeakest.isFinite ? String(family.logWeakest) : "null"),
        ("base", family.base.map { jsonString(labels[family.members[$0]]) } ?? "null"),
        ("base_source", jsonString(family.baseSource.rawValue)),
        ("base_remark", jsonString(family.baseRemark)),
        ("matrices", String(family.distances.matrices.count)),
        ("weights", String(family.distances.elementCount)),
      ])
    }
    return jsonObject([
      ("kind", jsonString("verdict")), ("verdict", jsonString(lineage.verdict.rawValue)),
      ("pairs", String(lineage.pairs.count)), ("ln_alpha", String(lineage.logLevel)),
      ("families", "[" + families.joined(separator: ",") + "]"),
    ])
  }

  private func label(_ checkpoint: Int?) -> String { checkpoint.map { labels[$0] } ?? "" }

  /// The family of a pair, or `nil` if they are in none or in two.
  func sharedFamily(_ pair: Lineage.Pair) -> SharedFamily? {
    guard let first = lineage.place(of: pair.first), let second = lineage.place(of: pair.second),
      first.family == second.family
    else { return nil }
    return SharedFamily(
      number: first.family, family: lineage.families[first.family], first: first.member,
      second: second.member)
  }
}

/// Where two checkpoints are in the family they share.
struct SharedFamily {
  let number: Int
  let family: Family
  let first: Int
  let second: Int

  /// d².
  var square: Double { family.distances[first, second] }

  /// NaN if partial cosines are not known.
  var partialCosine: Double {
    let cosines = family.partialCosines
    return cosines.isEmpty ? .nan : cosines[first * family.members.count + second]
  }
}

/// What is known of one checkpoint; positions are those among all.
struct Membership {
  /// From 0; `nil` for a checkpoint that is in none.
  let family: Int?
  let kurtosis: Double
  /// Where it is known from that this is the base; `none` if it is not.
  let baseSource: Family.BaseSource
  let parentage: Parentage
  let parent: Int?
  let hint: Int?

  init(of checkpoint: Int, in lineage: Lineage) {
    guard let place = lineage.place(of: checkpoint) else {
      (family, kurtosis, baseSource, parent, hint) = (nil, .nan, .none, nil, nil)
      parentage = .unknown
      return
    }
    let content = lineage.families[place.family]
    family = place.family
    kurtosis = content.distances.kurtoses[place.member]
    baseSource = content.base == place.member ? content.baseSource : .none
    parentage = content.parents[place.member]
    parent = parentage.parent.map { content.members[$0] }
    hint = content.hint.isEmpty ? nil : content.hint[place.member].map { content.members[$0] }
  }
}
