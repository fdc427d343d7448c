import Checkpoints
import TestSupport
import Testing

@testable import Geometry

@Suite struct TaskVectorAgreementTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func list(_ name: String, _ values: [Double], _ shape: [Int]?) throws -> ParameterList {
    try ParameterList(folder.checkpoint(name, [.init("w", shape ?? [values.count], values)]))
  }

  private func agreement(
    _ base: [Double], _ a: [Double], _ b: [Double], threads: Int = 1, shape: [Int]? = nil
  ) throws -> TaskVectorAgreement {
    let (zero, left, right) = try (
      list("c", base, shape), list("a", a, shape), list("b", b, shape)
    )
    return try .measure(
      CheckpointPairing(base: zero, other: left), CheckpointPairing(base: zero, other: right),
      using: WalkResources(threads: threads, scratchByteCount: 0))
  }

  @Test("Conflicts are counted among what both moved; the cosine is that of the moves")
  func byHand() throws {
    let found = try agreement([1, 1, 1, 1], [2, 0, 1, 3], [3, 2, 5, 2])
    // The moves are (1, −1, 0, 2) and (2, 1, 4, 1).
    #expect(found.moved == 3 && found.opposed == 1)
    #expect(found.conflictShare == 1.0 / 3)
    #expect(abs(found.cosine - 3 / (6.0 * 22).squareRoot()) < 1e-15)
  }

  @Test("Where nothing moved there is neither share nor cosine")
  func still() throws {
    let found = try agreement([1, 2], [1, 2], [3, 4])
    #expect(found.moved == 0)
    #expect(found.conflictShare.isNaN && found.cosine.isNaN)
  }

  @Test(
    "A warning is for changes that oppose each other, and for bases that are none",
    arguments: [
      // The base is 10 throughout, so that moves of 1 are a tenth of its length.
      ([11, 11, 11, 11], [11, 11, 11, 11], CheckLine.Level.ok, "cosine 1.0"),
      ([11, 11, 11, 11], [11, 11, 9, 9], .ok, "opposite signs in 50.0 %"),
      ([11, 11, 11, 11], [11, 9, 9, 9], .warning, "cancels"),
      ([11, 10, 10, 10], [10, 11, 10, 10], .ok, "no weight was moved by both"),
      ([10, 10, 10, 10], [10, 11, 10, 10], .warning, "A has the values of the base"),
      ([30, 30, 30, 30], [31, 30, 30, 30], .warning, "far for fine-tunes"),
      ([.nan, 11, 11, 11], [11, 11, 11, 11], .warning, "not finite"),
    ] as [([Double], [Double], CheckLine.Level, String)])
  func levels(a: [Double], b: [Double], level: CheckLine.Level, words: String) throws {
    let line = try agreement([10, 10, 10, 10], a, b, shape: [2, 2]).line
    #expect(line.level == level)
    #expect(line.text.contains(words))
  }

  @Test("Threads change no bit")
  func threads() throws {
    let values = (0..<600_000).map { Double($0 % 977) / 977 }
    let moved = [values.map { $0 * 1.5 - 0.2 }, values.map { 0.3 - $0 }]
    let found = try [1, 3].map { try agreement(values, moved[0], moved[1], threads: $0) }
    #expect(found[0] == found[1])
  }
}
