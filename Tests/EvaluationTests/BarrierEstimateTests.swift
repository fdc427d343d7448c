import Evaluation
import LinearAlgebra
import Testing

@Suite struct BarrierEstimateTests {
  /// Losses of 40 documents of 10 tokens along a parabola of some height, each document with a
  /// level of its own and a height that scatters.
  private func path(height: Double, scatter: Double, seed: UInt64) -> PathLosses {
    var stream = RandomStream(seed: seed)
    let documents = (0..<40).map { _ in
      (level: 30 + 8 * stream.normal(), height: 10 * (height + scatter * stream.normal()))
    }
    let alphas = (0...6).map { Double($0) / 6 }
    return PathLosses(
      alphas: alphas,
      losses: alphas.map { alpha in
        CorpusLoss(
          nats: documents.map { $0.level + $0.height * 4 * alpha * (1 - alpha) },
          tokenCounts: documents.map { _ in 10 })
      })
  }

  @Test("What documents have in common cancels: without scatter the interval is the barrier")
  func paired() throws {
    let estimate = try #require(
      path(height: 0.5, scatter: 0, seed: 1).barrier(above: .chord, seed: 1))
    // Sums of 40 numbers below 100 round by less than 40 · 100 ulp before division by 400.
    #expect((estimate.height - 0.5).magnitude < 1e-12)
    #expect((estimate.upper - estimate.lower) < 1e-12)
    #expect(estimate.alpha == 0.5 && estimate.includesZero == false)
  }

  @Test("The interval covers the height of the mean curve about as often as it says")
  func coverage() throws {
    let covered = try (0..<120).count { trial in
      let path = path(height: 0.3, scatter: 1, seed: UInt64(trial))
      let estimate = try #require(path.barrier(above: .chord, seed: 5))
      return estimate.lower <= 0.3 && 0.3 <= estimate.upper
    }
    // Binomial(120, 0.95) has mean 114 and standard deviation 2.4; few documents cost a little.
    #expect(covered >= 104)
  }

  @Test("Without a barrier zero lies in the interval about as often as it says")
  func nullCoverage() throws {
    let open = try (0..<120).count { trial in
      let path = path(height: 0, scatter: 1, seed: 1000 + UInt64(trial))
      return try #require(path.barrier(above: .chord, seed: 5)).includesZero == true
    }
    // Rejecting needs one side only: Binomial(120, 0.975) has mean 117, standard deviation 1.7.
    #expect(open >= 109)
  }

  @Test("The barrier is never below zero, and neither is its interval")
  func valley() throws {
    let estimate = try #require(
      path(height: -1, scatter: 0.1, seed: 3).barrier(above: .chord, seed: 1))
    #expect(estimate.height == 0 && estimate.lower == 0 && estimate.upper == 0)
    #expect(estimate.includesZero == true)
  }

  @Test("Between a model and itself there is no barrier, whatever sums round to")
  func identical() throws {
    var stream = RandomStream(seed: 9)
    let nats = (0..<25).map { _ in 30 + 8 * stream.normal() }
    let counts = (0..<25).map { _ in 3 + stream.next(below: 9) }
    let alphas = (0...10).map { Double($0) / 10 }
    let path = PathLosses(
      alphas: alphas, losses: alphas.map { _ in CorpusLoss(nats: nats, tokenCounts: counts) })
    for reference in BarrierReference.allCases {
      let estimate = try #require(path.barrier(above: reference, seed: 1))
      #expect(estimate.height == 0 && estimate.upper == 0 && estimate.includesZero == true)
    }
  }

  @Test("One document gives no interval, and two the same one for the same seed")
  func edges() throws {
    func path(_ documents: Int) -> PathLosses {
      PathLosses(
        alphas: [1, 0, 0.5],
        losses: [1, 2, 4].map { loss in
          CorpusLoss(
            nats: (0..<documents).map { Double($0) * Double($0) * loss + loss },
            tokenCounts: Array(repeating: 1, count: documents))
        })
    }
    let one = try #require(path(1).barrier(above: .mean, seed: 1))
    #expect(one.height == 2.5 && one.lower.isNaN && one.includesZero == nil)
    #expect(path(5).barrier(above: .mean, seed: 1) == path(5).barrier(above: .mean, seed: 1))
    #expect(path(5).barrier(above: .mean, seed: 1) != path(5).barrier(above: .mean, seed: 2))
  }
}
