import Glibc

/// Shades for numbers that are not negative, on a logarithmic scale.
struct LogarithmicShades {
  /// From the least positive number to the greatest.
  let range: ClosedRange<Double>

  private static let shades: [Character] = ["·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]

  /// A scale for some numbers, or `nil` if none is positive and finite.
  init?(_ numbers: [Double]) {
    let positive = numbers.filter { $0.isFinite && $0 > 0 }
    guard let least = positive.min(), let greatest = positive.max() else { return nil }
    range = least...greatest
  }

  /// What the shades mean.
  var legend: String {
    "▁ \(range.lowerBound.brief) to █ \(range.upperBound.brief), logarithmic"
  }

  /// The shade of a number; a question mark for one that is not finite.
  func shade(_ number: Double) -> Character {
    guard number.isFinite else { return "?" }
    guard number > 0 else { return LogarithmicShades.shades[0] }
    let steps = LogarithmicShades.shades.count - 1
    // Differences of logarithms: a ratio of distances may overflow.
    let span = log(range.upperBound) - log(range.lowerBound)
    let position = span > 0 ? (log(number) - log(range.lowerBound)) / span : 1
    return LogarithmicShades.shades[1 + min(Int(position * Double(steps)), steps - 1)]
  }
}
