import ArgumentParser

/// Places on an axis: `START:STOP:COUNT`, both ends included, or a list such as `0,0.25,1`.
struct PointList: CustomStringConvertible {
  /// As given, to be recorded.
  let text: String
  /// Finite, ascending, none twice.
  let values: [Double]

  static let most = 100_000

  /// Reads a list.
  ///
  /// - Parameter argument: as given on the command line.
  /// - Throws: `ValidationError` that says what is wrong with it.
  init(_ argument: String) throws {
    let values =
      try argument.contains(":") ? PointList.steps(argument) : PointList.list(argument)
    guard values.allSatisfy(\.isFinite) else {
      throw ValidationError("numbers must be finite")
    }
    self.init(text: argument, values: values)
  }

  /// Takes values as they are.
  init(text: String, values: [Double]) {
    (self.text, self.values) = (text, Set(values.map { $0 == 0 ? 0 : $0 }).sorted())
  }

  /// As it is recorded: one number in its shortest form, several as given.
  var recorded: String { values.count == 1 ? "\(values[0])" : text }

  var description: String { text }

  private static func steps(_ text: String) throws -> [Double] {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, let start = Double(parts[0]), let stop = Double(parts[1]),
      let count = Int(parts[2])
    else { throw ValidationError("expected START:STOP:COUNT, as 0:1:11") }
    guard (1...most).contains(count) else {
      throw ValidationError("COUNT, the number of points, must be from 1 to \(most)")
    }
    guard count > 1 || start == stop else {
      throw ValidationError("COUNT, the number of points, must be at least 2 to have both ends")
    }
    guard count > 1 else { return [start] }
    let last = Double(count - 1)
    // Weighing the ends, instead of adding steps, meets 0 and 1 exactly where the grid has them.
    return (0..<count).map { (start * (last - Double($0)) + stop * Double($0)) / last }
  }

  private static func list(_ text: String) throws -> [Double] {
    let numbers = try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
      guard let number = Double(part.filter { $0 != " " }) else {
        throw ValidationError("'\(part)' is not a number")
      }
      return number
    }
    guard numbers.count <= most else {
      throw ValidationError("at most \(most) points can be listed")
    }
    return numbers
  }
}
