import Foundation
import Reports
import TestSupport
import Testing

@Suite struct NumberTextTests {
  @Test(
    "Four significant digits",
    arguments: [
      (0.0, "0"), (1, "1.000"), (1.5, "1.500"), (-2.25, "-2.250"), (9.9995, "10.00"),
      (9999, "9999"), (9999.4, "9999"), (9999.6, "10000"), (12345, "12350"), (123456, "123500"),
      (999949, "999900"), (999950, "1.000e+06"), (1_234_567, "1.235e+06"), (1e22, "1.000e+22"),
      (0.5, "0.5000"), (0.1, "0.1000"), (0.00012345, "0.0001235"), (0.0001, "0.0001000"),
      (0.000099996, "0.0001000"), (0.00009999, "9.999e-05"), (1.234e-7, "1.234e-07"),
      (1e-300, "1.000e-300"), (.leastNonzeroMagnitude, "5.000e-324"),
      (.greatestFiniteMagnitude, "1.798e+308"),
      (-1e-9, "-1.000e-09"), (0.333333333333, "0.3333"), (0.666666666666, "0.6667"),
    ])
  func brief(value: Double, text: String) { #expect(value.brief == text) }

  @Test("What is no number is named, and zero has no sign")
  func special() {
    #expect(Double.nan.brief == "NaN")
    #expect(Double.infinity.brief == "Inf")
    #expect((-Double.infinity).brief == "-Inf")
    #expect((-0.0).brief == "0")
  }

  @Test("Any number reads back within half a unit of the fourth digit")
  func readsBack() throws {
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<2000 {
      let power = Int.random(in: -300...300, using: &generator)
      let value = Double.random(in: -10...10, using: &generator) * pow(10, Double(power))
      let read = try #require(Double(value.brief))
      // Half a unit of the fourth digit is at most 1/2000 of the number.
      #expect((read - value).magnitude <= value.magnitude / 1999)
      #expect(value.brief.filter(\.isNumber).count >= 4)
    }
  }

  @Test(
    "Counts are in groups of three",
    arguments: [
      (0, "0"), (999, "999"), (1000, "1,000"), (81_912_576, "81,912,576"), (-1234, "-1,234"),
      (-123, "-123"), (Int.min, "-9,223,372,036,854,775,808"),
    ])
  func grouped(value: Int, text: String) { #expect(value.grouped == text) }
}
