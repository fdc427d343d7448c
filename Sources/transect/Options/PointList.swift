import ArgumentParser

/// Places on an axis: `START:STOP:COUNT`, both ends included, or a list such as `0,0.25,1`.
struct PointList: ExpressibleByArgument {
  /// As given, to be recorded.
  let text: String
  /// Finite, ascending, none twice.
  let values: [Double]

  static let most = 100_000

  init?(argument: String) {
    let values = argument.contains(":") ? PointList.steps(argument) : PointList.list(argument)
    guard let values, !values.isEmpty, values.allSatisfy(\.isFinite) else { return nil }
    self.init(text: argument, values: values)
  }

  /// Takes values as they are.
  init(text: String, values: [Double]) {
    (self.text, self.values) = (text, Set(values.map { $0 == 0 ? 0 : $0 }).sorted())
  }

  /// As it is recorded: one number in its shortest form, several as given.
  var recorded: String { values.count == 1 ? "\(values[0])" : text }

  var defaultValueDescription: String { text }

  private static func steps(_ text: String) -> [Double]? {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    guard parts.count == 3, let start = Double(parts[0]), let stop = Double(parts[1]),
      let count = Int(parts[2]), (1...most).contains(count), count > 1 || start == stop
    else { return nil }
    guard count > 1 else { return [start] }
    let last = Double(count - 1)
    // Weighing the ends, instead of adding steps, meets 0 and 1 exactly where the grid has them.
    return (0..<count).map { (start * (last - Double($0)) + stop * Double($0)) / last }
  }

  private static func list(_ text: String) -> [Double]? {
    let numbers = text.split(separator: ",", omittingEmptySubsequences: false).map {
      Double($0.filter { $0 != " " })
    }
    guard numbers.allSatisfy({ $0 != nil }), numbers.count <= most else { return nil }
    return numbers.compactMap { $0 }
  }
}
