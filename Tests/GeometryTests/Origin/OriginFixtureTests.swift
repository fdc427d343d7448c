import Checkpoints
import Glibc
import TestSupport
import Testing

@testable import Geometry

/// Four networks that were trained from two seeds on two texts; see tools/origin-calibration.
@Suite struct OriginFixtureTests {
  private func finding(_ a: String, _ b: String) throws -> OriginFinding {
    let lists = try [a, b].map { name in
      try ParameterList(
        SafetensorsFile(PackageFolder.path("Tests/Fixtures/origin/\(name).safetensors")))
    }
    return try OriginTest(
      lists[0], lists[1], options: OriginTest.Options(),
      resources: WalkResources(threads: 2, scratchByteCount: 1 << 24)
    ).run()
  }

  @Test("Networks of one seed are certified, whatever their texts", arguments: [0, 1])
  func sameSeed(seed: Int) throws {
    let found = try finding("general-seed\(seed)", "shakespeare-seed\(seed)")
    #expect(found.verdict == .shared)
    let stage = try #require(found.stages.first)
    #expect(stage.logCertified / log(10) < -100)
    // Heads are read from config.json.
    #expect(stage.evidence.count == 7)
  }

  @Test(
    "Networks of two seeds are not detected, even if their text is one",
    arguments: [
      ("general-seed0", "general-seed1"), ("shakespeare-seed0", "shakespeare-seed1"),
      ("general-seed0", "shakespeare-seed1"), ("shakespeare-seed0", "general-seed1"),
    ])
  func otherSeed(a: String, b: String) throws {
    let found = try finding(a, b)
    #expect(found.verdict == .notDetected)
    #expect(found.stages.allSatisfy { $0.logCertified > log(0.05) })
    #expect(found.controls.areSound)
  }
}
