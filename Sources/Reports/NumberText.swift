import Glibc
import Tensors

extension Double {
  /// Four significant digits: `0.01234`, `1.234e-07`, `NaN`.
  public var brief: String {
    guard isFinite else { return isNaN ? "NaN" : self < 0 ? "-Inf" : "Inf" }
    guard self != 0 else { return "0" }
    let (digits, exponent) = magnitude.decimalDigits(4)
    let sign = self < 0 ? "-" : ""
    guard (-4..<6).contains(exponent) else {
      let power = (exponent < 0 ? "-" : "+") + (abs(exponent) < 10 ? "0" : "") + "\(abs(exponent))"
      return "\(sign)\(text(digits[..<1])).\(text(digits[1...]))e\(power)"
    }
    if exponent < 0 {
      return sign + "0." + String(repeating: "0", count: -exponent - 1) + text(digits[...])
    }
    let whole = exponent + 1
    guard whole < digits.count else {
      return sign + text(digits[...]) + String(repeating: "0", count: whole - digits.count)
    }
    return "\(sign)\(text(digits[..<whole])).\(text(digits[whole...]))"
  }

  private func text(_ digits: ArraySlice<UInt8>) -> String {
    String(decoding: digits, as: UTF8.self)
  }

  /// A natural logarithm as a decimal one; beyond four digits every digit before the point counts.
  var decimalLogarithm: String {
    let value = self / log(10)
    return value > -1e4 || !value.isFinite ? value.brief : Int(value.rounded()).grouped
  }

  /// The leading decimal digits of a positive number, rounded, and the exponent of the first.
  private func decimalDigits(_ count: Int) -> ([UInt8], exponent: Int) {
    let (digits, exponent) = shortestDigits
    guard digits.count > count else {
      return (digits + Array(repeating: zeroDigit, count: count - digits.count), exponent)
    }
    let kept = digits.prefix(count).reduce(0) { 10 * $0 + Int($1 - zeroDigit) }
    let isUp = digits[digits.startIndex + count] >= zeroDigit + 5
    let rounded = Array(String(kept + (isUp ? 1 : 0)).utf8)
    return rounded.count > count ? (rounded.dropLast(), exponent + 1) : (rounded, exponent)
  }

  /// The shortest digits that read back as this positive number, no zeros at either end.
  private var shortestDigits: (ArraySlice<UInt8>, exponent: Int) {
    let text = Array(description.utf8)
    let mark = text.firstIndex(of: UInt8(ascii: "e")) ?? text.count
    let point = text[..<mark].firstIndex(of: UInt8(ascii: ".")) ?? mark
    let power = Int(String(decoding: text.dropFirst(mark + 1), as: UTF8.self)) ?? 0
    var digits = text[..<mark].filter { $0 != UInt8(ascii: ".") }[...]
    let zeros = digits.prefix { $0 == zeroDigit }.count
    digits = digits.dropFirst(zeros)
    while digits.count > 1, digits.last == zeroDigit { digits.removeLast() }
    return (digits, point - 1 - zeros + power)
  }
}

private let zeroDigit = UInt8(ascii: "0")

extension Int {
  /// Digits in groups of three: `81,912,576`.
  public var grouped: String {
    let digits = Array(String(magnitude))
    let groups = digits.indices.map { index in
      (index > 0 && (digits.count - index) % 3 == 0 ? "," : "") + String(digits[index])
    }
    return (self < 0 ? "-" : "") + groups.joined()
  }

  /// The number, in groups of three digits, and what it is a number of: `1 tensor`, `76 tensors`.
  ///
  /// - Parameters:
  ///   - singular: the noun for one.
  ///   - plural: for others; the singular and an s if not given.
  /// - Returns: both.
  public func counted(_ singular: String, _ plural: String? = nil) -> String {
    "\(grouped) \(self == 1 ? singular : plural ?? singular + "s")"
  }
}
