/// Which class of a model the labels of a file stand for.
public struct ClassNumbers: Hashable, Sendable {
  private let names: [String: Int]
  private let classes: [Int?]

  /// Takes the names of a model's classes as labels, and their numbers from 0 where they are no names.
  ///
  /// - Parameter labels: the names, in the order of their numbers.
  public init(_ labels: [String]) {
    names = Dictionary(labels.enumerated().map { ($1, $0) }) { first, _ in first }
    classes = Array(labels.indices)
  }

  /// Takes numbers from 0 as labels, each of which stands for a class.
  ///
  /// - Parameter classes: of each number; `nil` if texts of that label are left out.
  public init(_ classes: [Int?]) { (names, self.classes) = ([:], classes) }

  /// The class that a label stands for.
  ///
  /// - Parameters:
  ///   - label: as the file has it.
  ///   - path: the file, for messages.
  ///   - line: where it is, from 1.
  /// - Returns: the number of the class; `nil` if the text is to be left out.
  /// - Throws: ``TrainingError`` if it stands for none.
  public func number(of label: String, path: String, line: Int) throws -> Int? {
    if let number = names[label] { return number }
    guard let number = Int(label), classes.indices.contains(number) else {
      throw TrainingError(
        .unknownClass, in: "\(path): line \(line)",
        "label \(label) is \(names.isEmpty ? "" : "no class and ")no number from 0 to "
          + "\(classes.count - 1)")
    }
    return classes[number]
  }
}
