import Checkpoints
import LinearAlgebra
import Tensors
import TestSupport

@testable import Geometry

/// Tests two models that are stored for the purpose.
func origin(
  _ a: [StoredTensor], _ b: [StoredTensor],
  resources: WalkResources = WalkResources(threads: 2, scratchByteCount: 1 << 26),
  _ configure: (inout OriginTest.Options) -> Void = { _ in }
) throws -> OriginFinding {
  let folder = try TemporaryFolder()
  var options = OriginTest.Options()
  options.heads = AttentionHeads(query: 4)
  configure(&options)
  return try OriginTest(
    ParameterList(folder.checkpoint("a.safetensors", a)),
    ParameterList(folder.checkpoint("b.safetensors", b)), options: options, resources: resources
  ).run()
}

/// The groups of a model that is stored for the purpose.
func modelUnits(
  _ tensors: [StoredTensor], map: AxisMap? = nil, heads: AttentionHeads? = AttentionHeads(query: 4)
) throws -> ModelUnits {
  let list = try ParameterList(TemporaryFolder().checkpoint("model.safetensors", tensors))
  guard let map = map ?? AxisMap.known(for: list) else { throw UnknownFamily() }
  return ModelUnits(list, map: map, heads: heads)
}

/// No built-in map knows the names.
struct UnknownFamily: Error {}

/// Units with a view for each matrix, whose rows they are.
func unitGroup(
  _ views: [Matrix], blockCount: Int = 1, kind: UnitKind = .hidden, areColumns: Bool = false
) throws -> UnitGroup {
  let folder = try TemporaryFolder()
  let stored = views.enumerated().map { number, matrix in
    StoredTensor("view\(number)", areColumns ? matrix.transposed : matrix)
  }
  let records = try folder.checkpoint("units.safetensors", stored).records
  let count = views.first?.rows ?? 0
  return UnitGroup(
    kind: kind, layer: kind == .residual ? nil : 0, blockCount: blockCount,
    blockLength: count / blockCount,
    views: records.map { record in
      let slab = UnitSlab(record, unitAxis: areColumns ? 1 : 0, positions: Array(0..<count))
      return UnitView(name: record.name.text, slabs: [slab])
    })
}

/// The products of two groups.
func similarity(
  _ a: UnitGroup, _ b: UnitGroup,
  resources: WalkResources = WalkResources(threads: 2, scratchByteCount: 1 << 26)
) throws -> SimilarityProduct {
  try SimilarityProduct(
    a: ScaledGroup(a, threads: resources.threads), b: ScaledGroup(b, threads: resources.threads),
    resources: resources)
}

/// What the units of two lists of views tell.
func evidence(
  _ a: [Matrix], _ b: [Matrix], blockCount: Int = 1, rows: Int? = nil, shuffles: Int = 0,
  seed: UInt64 = 0
) throws -> UnitEvidence {
  try UnitEvidence(
    similarity(unitGroup(a, blockCount: blockCount), unitGroup(b, blockCount: blockCount)),
    rows: rows, shuffles: shuffles, randomness: RandomStream(seed: seed))
}

extension Matrix {
  /// Standard normal elements.
  static func normal(_ rows: Int, _ columns: Int, seed: UInt64) -> Matrix {
    var randomness = RandomStream(seed: seed, stream: 3)
    return Matrix(
      rows: rows, columns: columns,
      elements: (0..<rows * columns).map { _ in Float(randomness.normal()) })
  }

  /// Elements that have a given correlation with this matrix's.
  func relative(correlation: Double, seed: UInt64) -> Matrix {
    let noise = Matrix.normal(rows, columns, seed: seed)
    let share = (1 - correlation * correlation).squareRoot()
    return Matrix(
      rows: rows, columns: columns,
      elements: zip(elements, noise.elements).map {
        Float(correlation * Double($0) + share * Double($1))
      })
  }
}

extension UnitEvidence {
  /// Every number as bits.
  var figures: [UInt64] {
    let reals = [likeness, excessLikeness, z, logNormalTail, logRankBound, logMonteCarlo ?? 1]
    return reals.map(\.bitPattern) + ranks.map { UInt64(bitPattern: Int64($0)) }
  }
}

extension OriginFinding {
  /// The evidence of a group in a stage.
  func evidence(_ name: String, stage: String = "direct") -> UnitEvidence? {
    stages.first { $0.name == stage }?.evidence.first { $0.name == name }
  }

  /// Every number of every stage as bits.
  var figures: [[UInt64]] { stages.flatMap { $0.evidence.map(\.figures) } }
}
