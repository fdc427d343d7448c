import Checkpoints
import Glibc

/// Tests every pair of several checkpoints for a shared initialization, clusters them by what is
/// certified, and measures each family.
///
/// The pairs are tested as they are, and with the layer map where depths differ; each at the level
/// divided by the number of pairs (Bonferroni), so the probability that independent checkpoints
/// are joined at all is at most the level.
public struct LineageTest: Sendable {
  private let models: [ParameterList]
  private let base: Int?
  private let options: OriginTest.Options
  private let resources: WalkResources

  /// Plans a test.
  ///
  /// - Parameters:
  ///   - models: at least three.
  ///   - base: the position of the one that the others are said to descend from, or `nil`.
  ///   - options: how to test pairs; residual streams are not aligned, whatever they say.
  ///   - resources: how much of the machine to use.
  public init(
    _ models: [ParameterList], base: Int?, options: OriginTest.Options, resources: WalkResources
  ) {
    (self.models, self.base, self.resources) = (models, base, resources)
    self.options = options
  }

  /// Carries out the test.
  ///
  /// - Returns: what was found.
  /// - Throws: `CheckpointError` if a file cannot be read, or a weight is NaN or infinite.
  /// - Complexity: the cost of a direct test for each pair, and one more read of every file.
  public func run() throws -> Lineage {
    let places = memberPairs(models.count)
    let pairs = try places.map { try test($0.0, $0.1, pairCount: places.count) }
    let families = try Clusters(models.count, pairs).clusters.map { cluster in
      try Family(
        members: cluster.members, logWeakest: cluster.logWeakest,
        distances: MutualDistances(cluster.members.map { models[$0] }, resources: resources),
        base: base)
    }
    return Lineage(
      checkpointCount: models.count, pairs: pairs, families: families, logLevel: log(options.level))
  }

  private func test(_ first: Int, _ second: Int, pairCount: Int) throws -> Lineage.Pair {
    var options = options
    options.isDirectOnly = true
    options.level = self.options.level / Double(pairCount)
    let finding = try OriginTest(
      models[first], models[second], options: options, resources: resources
    ).run()
    let total = finding.differences.reduce(into: TensorDifference()) { $0.merge($1) }
    return Lineage.Pair(
      first: first, second: second, verdict: finding.verdict,
      logCertified: corrected(finding, pairCount: pairCount),
      unlikeness: total.unlikeness, remarks: finding.remarks)
  }

  /// ln p times the number of pairs; −∞ for copies, NaN where nothing was tested.
  private func corrected(_ finding: OriginFinding, pairCount: Int) -> Double {
    if finding.verdict == .identical { return -.infinity }
    let sum = finding.logCertified + log(Double(pairCount))
    return sum > 0 ? 0 : sum
  }
}
