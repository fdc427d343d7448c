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
      return sign + digits.prefix(1) + "." + digits.dropFirst() + "e" + power
    }
    if exponent < 0 {
      return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits
    }
    let whole = exponent + 1
    guard whole < digits.count else {
      return sign + digits + String(repeating: "0", count: whole - digits.count)
    }
    return sign + digits.prefix(whole) + "." + digits.dropFirst(whole)
  }

  /// The leading decimal digits of a positive number, rounded, and the exponent of the first.
  private func decimalDigits(_ count: Int) -> (String, exponent: Int) {
    let (digits, exponent) = shortestDigits
    guard digits.count > count else {
      return (digits + String(repeating: "0", count: count - digits.count), exponent)
    }
    let kept = Int(digits.prefix(count)) ?? 0
    let isUp = digits[digits.index(digits.startIndex, offsetBy: count)] >= "5"
    let rounded = String(kept + (isUp ? 1 : 0))
    return rounded.count > count ? (String(rounded.dropLast()), exponent + 1) : (rounded, exponent)
  }

  /// The shortest digits that read back as this positive number, no zeros at either end.
  private var shortestDigits: (String, exponent: Int) {
    let parts = String(self).split(separator: "e")
    let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
    let whole = String(mantissa[0])
    let all = whole + (mantissa.count > 1 ? mantissa[1] : "")
    let zeros = all.prefix { $0 == "0" }.count
    var digits = String(all.dropFirst(zeros))
    while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
    let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
    return (digits, whole.count - 1 - zeros + power)
  }
}

extension Int {
  /// Digits in groups of three: `81,912,576`.
  public var grouped: String {
    let digits = Array(String(magnitude))
    let groups = digits.indices.map { index in
      (index > 0 && (digits.count - index) % 3 == 0 ? "," : "") + String(digits[index])
    }
    return (self < 0 ? "-" : "") + groups.joined()
  }
}
