import Geometry
import HDF5
import JSON
import Tensors

/// What the result of `norms` is made from besides differences.
public struct NormsPlan: Codable, Sendable {
  /// Two names or types, the base's and the other's.
  struct Both<Value: Codable & Sendable>: Codable, Sendable {
    let base: Value
    let other: Value
  }

  /// Two tensors that are compared, as a result describes them.
  struct Pair: Codable, Sendable {
    let name: ParameterName
    let shape: String
    let names: Both<TensorName>
    let dtypes: Both<String>
    let remark: String

    init(_ pair: TensorPair) {
      (name, shape, remark) = (pair.name, pair.base.shape.compact, pair.remark)
      names = Both(base: pair.base.name, other: pair.other.name)
      dtypes = Both(base: pair.base.dtype.rawValue, other: pair.other.dtype.rawValue)
    }
  }

  /// One base and one other.
  struct Comparison: Codable, Sendable {
    let label: String
    let pairs: [Pair]
  }

  let comparisons: [Comparison]
  let coverage: CoverageReport

  /// Describes comparisons.
  ///
  /// - Parameter pairings: each with its label, as `base→tuned`.
  public init(_ pairings: [(label: String, pairing: CheckpointPairing)]) {
    comparisons = pairings.map {
      Comparison(label: $0.label, pairs: $0.pairing.pairs.map(Pair.init))
    }
    coverage = CoverageReport(pairings.map { ($0.label, $0.pairing.coverage) })
  }

  /// The key of a pair's row.
  ///
  /// - Parameters:
  ///   - comparison: its position.
  ///   - pair: its position in the comparison.
  /// - Returns: text.
  public static func key(comparison: Int, pair: Int) -> String { "pair \(comparison) \(pair)" }

  /// A pair's row.
  ///
  /// - Parameter difference: of its tensors.
  /// - Returns: JSON.
  /// - Throws: nothing for such values.
  public static func json(_ difference: TensorDifference) throws -> String {
    try jsonText(difference)
  }

  /// The groups of a result.
  ///
  /// - Parameter differences: of each pair; `nil` while it is pending.
  /// - Returns: `/norms` and `/coverage`.
  /// - Throws: `HDF5Error` if a text cannot be stored.
  func groups(_ differences: [[TensorDifference?]]) throws -> [ResultGroup] {
    try [NormsGrid(comparisons, differences).group(), coverage.group()]
  }
}

extension NormsPlan: RowPlan {
  var fault: String? { comparisons.isEmpty ? "has no comparisons" : nil }

  func merged(_ rows: [String: String]) throws -> MergedGroups {
    let differences = comparisons.enumerated().map { number, comparison in
      comparison.pairs.indices.map { pair in
        rows[NormsPlan.key(comparison: number, pair: pair)].flatMap {
          try? decoded(TensorDifference.self, from: $0)
        }
      }
    }
    let pending = zip(comparisons, differences).flatMap { comparison, differences in
      zip(comparison.pairs, differences).filter { $1 == nil }.map { pair, _ in
        "\(comparison.label), \(pair.name.canonical.text)"
      }
    }
    return MergedGroups(
      groups: try groups(differences),
      rowCount: comparisons.reduce(0) { $0 + $1.pairs.count }, pending: pending)
  }
}
