/// A JSON object of members whose values are JSON already.
///
/// - Parameter members: names and values, in order.
/// - Returns: the object, on one line.
public func jsonObject(_ members: [(String, String)]) -> String {
  var object = "{"
  for (name, value) in members {
    object += object.utf8.count > 1 ? "," : ""
    object += jsonString(name)
    object += ":"
    object += value
  }
  return object + "}"
}

/// Whether a byte stands for itself in a JSON string, whatever is beside it.
private func isPlainInJSON(_ byte: UInt8) -> Bool {
  byte >= 0x20 && byte < 0x7F && byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\")
}

/// Text as a JSON string, with control characters escaped.
///
/// - Parameter text: any text.
/// - Returns: the string with its quotes.
public func jsonString(_ text: String) -> String {
  if text.utf8.allSatisfy(isPlainInJSON) { return "\"" + text + "\"" }
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case _
    where scalar.value < 0x20 || scalar.value == 0x7F || (0x80...0x9F).contains(scalar.value):
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
