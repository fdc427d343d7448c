import Geometry
import Glibc

/// Which of several checkpoints belong together and who may have come from whom, for people.
public struct LineageReport: Sendable {
  /// What was found.
  public let lineage: Lineage
  let labels: [String]

  /// Creates a report.
  ///
  /// - Parameters:
  ///   - lineage: what was found.
  ///   - labels: of the checkpoints, in their order.
  public init(_ lineage: Lineage, labels: [String]) {
    (self.lineage, self.labels) = (lineage, labels)
  }

  /// The screen that a person reads, without the table of pairs.
  public var lines: [String] {
    let pairs = lineage.pairs.count
    let head = [
      "\(lineage.verdict.rawValue)   \(labels.count) checkpoints, \(pairs) pairs, level "
        + "\(exp(lineage.logLevel).brief) for all pairs together"
    ]
    let families = lineage.families.enumerated().flatMap { number, family in
      FamilyLines(family, number: number + 1, labels: family.members.map { labels[$0] }).lines
    }
    return (head + families + strangers + notes).map(\.escapedForTerminal)
  }

  private var strangers: [String] {
    let alone = lineage.unconnected.map { labels[$0] }
    guard !alone.isEmpty, alone.count < labels.count else { return [] }
    return ["alone       \(alone.joined(separator: ", ")): certified with no other"]
  }

  /// What tests of pairs remarked, each once, with the pairs it is about.
  private var notes: [String] {
    var order: [String] = []
    var pairs: [String: Int] = [:]
    for remark in lineage.pairs.flatMap(\.remarks) {
      if pairs[remark] == nil { order.append(remark) }
      pairs[remark, default: 0] += 1
    }
    return order.map { remark in
      let count = pairs[remark] ?? 0
      let about = count == lineage.pairs.count ? "" : " (\(count) pair\(count == 1 ? "" : "s"))"
      return "note        \(remark)\(about)"
    }
  }
}

/// What is said of one family.
private struct FamilyLines {
  private let family: Family
  private let number: Int
  private let labels: [String]

  init(_ family: Family, number: Int, labels: [String]) {
    (self.family, self.number, self.labels) = (family, number, labels)
  }

  var lines: [String] {
    let weakest =
      family.logWeakest.isFinite
      ? "log10 p of its weakest link <= \(family.logWeakest.decimalLogarithm)" : "copies"
    let matrices = family.distances
    return [
      "family \(number)    \(labels.joined(separator: ", ")) (certified)   \(weakest)",
      "            what follows is descriptive, over "
        + "\(matrices.matrices.count.counted("matrix", "matrices")) of "
        + "\(matrices.elementCount.counted("weight")) in all",
      "base        \(base)",
    ] + parents + gamma + hint
  }

  private var base: String {
    guard let base = family.base else { return "not known: \(family.baseRemark)" }
    return switch family.baseSource {
    case .given: "\(labels[base]), as given"
    default: "\(labels[base]): from it all others left at right angles"
    }
  }

  private var parents: [String] {
    let told = family.parents.enumerated().compactMap { member, parentage in
      parentage.parent.map { parent in
        "\(labels[member]) from \(labels[parent])"
          + (parentage.cosine.isNaN ? "" : " (partial cosine \(parentage.cosine.brief))")
      }
    }
    let untold = Dictionary(
      grouping: family.parents.indices.filter { !family.parents[$0].remark.isEmpty },
      by: { family.parents[$0].remark })
    let reasons = untold.sorted { $0.value[0] < $1.value[0] }.map { remark, members in
      "not told for \(members.map { labels[$0] }.joined(separator: ", ")): \(remark)"
    }
    return (told.isEmpty ? reasons : [told.joined(separator: ", ")] + reasons).enumerated().map {
      ($0.offset == 0 ? "parents     " : "            ") + $0.element
    }
  }

  /// The Gromov products of a family of three; those of larger ones are in the table.
  private var gamma: [String] {
    guard labels.count == 3 else { return [] }
    let seen = family.products.map { "\($0.ratio.brief) from \(labels[$0.origin])" }
    return [
      "gamma       of the two others as seen \(seen.joined(separator: ", ")) (0: they went "
        + "apart at once, 1: one lies on the way to the other)"
    ]
  }

  private var hint: [String] {
    guard labels.count > 2 else { return [] }
    guard !family.hint.isEmpty else { return ["hint        none: a distance is not finite"] }
    let edges = family.hint.enumerated().compactMap { child, parent in
      parent.map { "\(labels[$0]) → \(labels[child])" }
    }
    return [
      "hint        \(edges.joined(separator: ", ")): the cheapest tree by distance and "
        + "kurtosis, no verdict"
    ]
  }
}
