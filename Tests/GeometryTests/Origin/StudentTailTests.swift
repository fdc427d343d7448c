import Testing

@testable import Geometry

@Suite struct StudentTailTests {
  /// Computed with mpmath 1.3 at 40 digits from the incomplete beta function, of the binary
  /// numbers as they are; those that scipy does not lose agree with scipy.stats.t.logsf.
  private static let references: [(t: Double, degrees: Double, logTail: Double)] = [
    (0, 5, -0.69314718055994531), (0.1, 1, -0.75870065377234369), (1.5, 3, -2.1602878227377666),
    (-2, 10, -0.037384178696341469), (2.5, 254, -5.0320618292313441),
    (8, 30, -19.581303156737295), (40, 254, -256.06188101143241),
    (300, 254, -749.56440586608613), (100, 3070, -2228.4653869461908),
    (1e6, 3070, -30093.371743755748), (0.001, 3070, -0.69394531844338735),
    (-1, 3070, -0.17280061669189205),
  ]

  @Test("The tail is right to ten digits, also where it is far below the least Double")
  func references() {
    for reference in StudentTailTests.references {
      let found = LogProbability.studentTail(reference.t, degrees: reference.degrees)
      // Logarithms of gamma functions of 1500 round at 1e4 · 2^-53.
      #expect((found - reference.logTail).magnitude <= 1e-10 * max(1, reference.logTail.magnitude))
    }
  }

  @Test("The tail has limits, and of NaN it is NaN")
  func edges() {
    #expect(LogProbability.studentTail(.infinity, degrees: 3) == -.infinity)
    #expect(LogProbability.studentTail(-.infinity, degrees: 3) == 0)
    #expect(LogProbability.studentTail(.nan, degrees: 3).isNaN)
  }
}

@Suite struct PublishedStatisticTests {
  @Test("A match with the identity has the least p-value that an order can have")
  func identity() {
    let found = PublishedStatistic.judge(Array(0..<20), layer: 3)
    #expect(found.correlation == 1)
    #expect(found.layer == 3)
    #expect(found.logProbability == -LogProbability.factorial(20))
  }

  @Test("The reverse order has correlation -1 and is no evidence")
  func reversed() {
    let found = PublishedStatistic.judge(Array((0..<20).reversed()), layer: 0)
    #expect(found.correlation == -1)
    #expect(found.logProbability == 0)
  }

  @Test("Two neighbours exchanged: r = 1 - 6 · 2 / (h (h² - 1))")
  func exchange() {
    let found = PublishedStatistic.judge([1, 0, 2, 3, 4], layer: 0)
    #expect((found.correlation - 0.9).magnitude < 1e-15)
    // scipy: spearmanr([1, 0, 2, 3, 4], range(5), alternative="greater") gives 0.0186930…
    #expect((found.logProbability - -3.979605).magnitude < 1e-5)
  }
}
