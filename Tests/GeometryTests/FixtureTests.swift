import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Geometry

/// What NumPy found for one pair of fixtures; see tools/make-fixtures.
struct ExpectedPair: Decodable, Sendable, CustomTestStringConvertible {
  struct Tensor: Decodable, Sendable {
    let name: String
    let numel: Int
    let l2, rms, relative, cosine, largest, mean, normA, normB: Double?
    let largestIndex, identical, equal: Int
    let nanA, infiniteA, nanB, infiniteB: Int
  }

  let base, other: String
  let matchTransposed: Bool
  let tensors: [Tensor]
  let coverage: [String: Int]

  var testDescription: String { "\(base) \(other)\(matchTransposed ? " transposed" : "")" }

  static let all: [ExpectedPair] = {
    let data = FileManager.default.contents(atPath: path("expected.json"))
    return data.flatMap { try? JSONDecoder().decode([ExpectedPair].self, from: $0) } ?? []
  }()

  static func path(_ name: String) -> String { PackageFolder.path("Tests/Fixtures/" + name) }
}

@Suite struct FixtureTests {
  @Test("The reference is there, with every pair")
  func reference() { #expect(ExpectedPair.all.count == 6) }

  @Test("Figures are NumPy's to 1e-12, and counts are equal", arguments: ExpectedPair.all)
  func figures(expected: ExpectedPair) throws {
    let pairing = try pairing(expected)
    let differences = try PairWalk([pairing]).differences(
      using: WalkResources(threads: 2, scratchByteCount: 0))[0]
    #expect(pairing.pairs.map(\.name.canonical.text) == expected.tensors.map(\.name))
    for (tensor, found) in zip(expected.tensors, differences) { compare(found, tensor) }
    let coverage = Dictionary(
      pairing.summary.map { ($0.status.rawValue, $0.count) }, uniquingKeysWith: +)
    #expect(coverage == expected.coverage)
  }

  private func pairing(_ expected: ExpectedPair) throws -> CheckpointPairing {
    var options = CheckpointPairing.Options()
    options.matchesTransposed = expected.matchTransposed
    return try CheckpointPairing(
      base: ParameterList(SafetensorsFile(ExpectedPair.path(expected.base))),
      other: ParameterList(SafetensorsFile(ExpectedPair.path(expected.other))), options: options)
  }

  private func compare(_ found: TensorDifference, _ expected: ExpectedPair.Tensor) {
    let name = expected.name
    #expect(found.count == expected.numel)
    #expect(isClose(found.l2, expected.l2), "l2 of \(name)")
    #expect(isClose(found.rootMeanSquare, expected.rms), "rms of \(name)")
    #expect(isClose(found.relative, expected.relative), "relative of \(name)")
    #expect(isClose(found.cosine, expected.cosine), "cosine of \(name)")
    #expect(isClose(found.mean, expected.mean), "mean of \(name)")
    #expect(isClose(found.normA, expected.normA), "norm of \(name)")
    #expect(isClose(found.normB, expected.normB), "other norm of \(name)")
    #expect(isClose(found.largest, expected.largest), "largest of \(name)")
    #expect(found.largestIndex == expected.largestIndex, "place in \(name)")
    #expect(found.identical == expected.identical, "same bits in \(name)")
    #expect(found.equal == expected.equal, "equal in \(name)")
    #expect(found.nanA == expected.nanA && found.nanB == expected.nanB, "NaN in \(name)")
    #expect(
      found.infiniteA == expected.infiniteA && found.infiniteB == expected.infiniteB,
      "infinite in \(name)")
  }

  /// Close to 1e-12, relative or of 1; what is not finite is `null` in the reference.
  private func isClose(_ found: Double, _ expected: Double?) -> Bool {
    guard let expected else { return !found.isFinite }
    return (found - expected).magnitude <= 1e-12 * max(1, expected.magnitude)
  }
}
