import Glibc
import LinearAlgebra
import Testing

@testable import Geometry

@Suite struct LogProbabilityTests {
  @Test(
    "The normal tail is mpmath's to 1e-12 of its logarithm, and to 1e-12 of itself far below 0",
    arguments: [
      (-37, -5.725571222524576823e-300), (-20, -2.753624118606233695e-89),
      (-8, -6.220960574271786059e-16), (-3, -0.001350809964748193799),
      (-1, -0.1727537790234498895), (-0.1, -0.6165050101150262887), (0, -0.6931471805599453094),
      (0.5, -1.175911761593618609), (1, -1.841021645009263506), (3, -6.607726221510349543),
      (5, -15.06499839398872574), (7.999999, -35.01342903854692936), (8, -35.0134371599145499),
      (8.5, -39.19739642821766929), (12, -75.41067300156879594), (37, -689.0305855768905936),
      (38, -726.5572160188201301), (40, -804.6084420137537882), (100, -5005.524208694205089),
      (1023, -523272.3494342546937), (10_000, -50000010.12927891518),
    ])
  func normalTail(z: Double, expected: Double) {
    let found = LogProbability.normalTail(z)
    #expect(abs(found - expected) <= 1e-12 * abs(expected))
  }

  @Test("The normal tail ends at 0 and at minus infinity, and NaN stays NaN")
  func normalTailEnds() {
    #expect(LogProbability.normalTail(-40) == 0)
    #expect(LogProbability.normalTail(-.infinity) == 0)
    #expect(LogProbability.normalTail(.infinity) == -.infinity)
    #expect(LogProbability.normalTail(.nan).isNaN)
  }

  @Test("A quantile is where the tail has the probability", arguments: [0.4, 0.05, 1e-6, 1e-300])
  func quantile(probability: Double) {
    let z = LogProbability.normalQuantile(upperTail: log(probability))
    // The quantile is found to 1e-9 of itself; the tail's logarithm falls by z + 1 at most per
    // unit.
    #expect(abs(LogProbability.normalTail(z) - log(probability)) < 2e-9 * (z + 1) * z)
  }

  @Test(
    "Fisher's combination is the tail of chi-squared by mpmath",
    arguments: [
      ([-1.0], -1.0), ([-0.1, -0.2], -0.03763573553250895181),
      ([-1, -2, -3], -2.781124175131799251),
      (Array(repeating: -0.01, count: 5), -2.497951339126390562e-9),
      (Array(repeating: -1, count: 37), -0.7378621303555010329),
      (Array(repeating: -2.5, count: 37), -24.75784444614907119),
      ([-30, -0.5, -700], -718.0029508708046984),
      ([-1e5] + Array(repeating: -0.7, count: 10), -99906.974357950872),
      (Array(repeating: -0.5, count: 19), -0.004293586435968706373),
    ])
  func fisher(values: [Double], expected: Double) {
    // ln P is the difference of numbers near x, and so has an absolute error besides.
    #expect(abs(LogProbability.fisher(values) - expected) < 1e-12 * max(1, abs(expected)))
  }

  @Test("Certain p-values combine to certainty, and none do")
  func fisherOfNothing() {
    #expect(LogProbability.fisher([]) == 0)
    #expect(LogProbability.fisher([0, 0, 0]) == 0)
  }

  @Test("The certified p-value is twice the better of Fisher's and the least times their number")
  func certified() {
    let single = [-100.0, 0, 0, 0]
    // Fisher's method loses ln Σ 100^k/k! ≈ 12 to the certain ones, the number of groups only ln 4.
    #expect(abs(LogProbability.certified(single) - (log(8) - 100)) < 1e-12)
    let many = Array(repeating: -5.0, count: 20)
    #expect(LogProbability.certified(many) == log(2) + LogProbability.fisher(many))
    #expect(LogProbability.certified([-0.1]) == 0)
    #expect(LogProbability.certified([]) == 0)
  }

  @Test("Sums of exponentials do not overflow")
  func logSumOfExponentials() {
    #expect(abs(LogProbability.logSumOfExponentials([1e4, 1e4]) - (1e4 + log(2))) < 1e-11)
    #expect(LogProbability.logSumOfExponentials([]) == -.infinity)
    #expect(LogProbability.logSumOfExponentials([-.infinity, 0]) == 0)
  }

  @Test("Factorials are products")
  func factorial() {
    for n in 0...20 {
      let product = (0..<n).reduce(1.0) { $0 * Double($1 + 1) }
      #expect(abs(LogProbability.factorial(n) - log(product)) < 1e-13 * max(1, log(product)))
    }
  }

  /// A sample, and the exact p-value of SciPy's kstest.
  static let samples: [(values: [Double], exact: Double)] = [
    ((0..<5).map { (Double($0) + 0.5) / 5 }, 1),
    ((0..<20).map { pow((Double($0) + 0.5) / 20, 2) }, 0.08030066215320508),
    ((0..<100).map { pow((Double($0) + 0.5) / 100, 1.3) }, 0.24022065390747058),
    ((0..<200).map { pow((Double($0) + 0.5) / 200, 1.2) }, 0.27618040304098823),
    ((0..<50).map { 0.3 + 0.5 * (Double($0) + 0.5) / 50 }, 0.00012627454783490686),
    ((0..<10).map { 0.05 + 0.6 * (Double($0) + 0.5) / 10 }, 0.08307685574467116),
  ]

  @Test("The Kolmogorov-Smirnov p-value is within a tenth of the exact one", arguments: samples)
  func kolmogorovSmirnov(values: [Double], exact: Double) {
    // Stephens's correction of the asymptotic law is meant for p-values up to about 0.2; it is
    // within a few parts of a hundred there, and closer for more values.
    let found = LogProbability.kolmogorovSmirnov(values.reversed())
    #expect(abs(found - exact) < 0.1 * exact)
  }

  @Test("Extreme samples have p-values of 0 and 1, and no sample has 1")
  func kolmogorovSmirnovEnds() {
    #expect(LogProbability.kolmogorovSmirnov(Array(repeating: 1, count: 100)) < 1e-60)
    #expect(LogProbability.kolmogorovSmirnov([]) == 1)
  }
}
