import ArgumentParser
import Tokenization
import Training

/// Classes to tell apart, and where a file has them.
struct ClassificationOptions: ParsableArguments {
  @Option(
    help: """
      The names of classes to tell apart, with commas between, for a classifier made of a language \
      model or an encoder, or from scratch. A classifier has its own.
      """, transform: LabelList.init)
  var labels: LabelList?

  @Option(help: "Where the class of a JSON line is: a member, whose value is a name or a number.")
  var labelField: String?

  @Option(
    help: "Columns of a tab-separated file, from 1: the class's and the text's, as 2,4.",
    transform: ColumnPair.init)
  var tsv: ColumnPair?

  @Flag(help: "Of trees train on each phrase, not only on the sentence; --valid is of sentences.")
  var phrases = false

  @Option(
    help: """
      The class of each number that files have as label, from 0, as 0,0,1,2,2; - leaves a text out. \
      If not given, labels are names of classes or their numbers.
      """, transform: ClassList.init)
  var classes: ClassList?

  /// Whether any is given.
  var areGiven: Bool {
    labels != nil || labelField != nil || tsv != nil || phrases || classes != nil
  }

  /// How files hold texts with classes.
  ///
  /// - Parameters:
  ///   - layout: says of files with text alone how they hold it.
  ///   - phrases: whether phrases of trees count.
  /// - Returns: the layout.
  /// - Throws: `ValidationError` if options exclude each other.
  func layout(_ layout: TextOptions, phrases: Bool) throws -> LabelledLayout {
    guard !layout.lines else { throw ValidationError("--lines have no classes") }
    guard
      [tsv != nil, layout.trees, layout.field != nil || labelField != nil].count(where: { $0 }) < 2
    else { throw ValidationError("--tsv, --trees and --field exclude each other") }
    guard !self.phrases || layout.trees else { throw ValidationError("--phrases needs --trees") }
    if layout.trees { return .trees(phrases: phrases) }
    if let tsv { return .tabSeparated(text: tsv.text, label: tsv.label) }
    return .jsonLines(text: layout.field ?? "text", label: labelField ?? "label")
  }

  /// Which class each label of a file stands for.
  ///
  /// - Parameter labels: the names of the model's classes.
  /// - Returns: classes by labels.
  /// - Throws: `ValidationError` if a class is none of them.
  func numbers(_ labels: [String]) throws -> ClassNumbers {
    guard let classes = classes?.classes else { return ClassNumbers(labels) }
    guard classes.allSatisfy({ $0.map { $0 < labels.count } ?? true }) else {
      throw ValidationError("--classes has numbers from 0 to \(labels.count - 1)")
    }
    return ClassNumbers(classes)
  }

  /// The options that shape a run, in a fixed order.
  var recorded: [String] {
    (labels.map { ["--labels", $0.text] } ?? []) + (labelField.map { ["--label-field", $0] } ?? [])
      + (tsv.map { ["--tsv", "\($0.label),\($0.text)"] } ?? []) + (phrases ? ["--phrases"] : [])
      + (classes.map { ["--classes", $0.text] } ?? [])
  }
}

/// Names of classes.
struct LabelList {
  let names: [String]
  /// As it was given.
  let text: String

  /// Reads names.
  ///
  /// - Parameter argument: as given on the command line.
  /// - Throws: `ValidationError` that says what is wrong with it.
  init(_ argument: String) throws {
    names = argument.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    text = argument
    guard names.count >= 2 else { throw ValidationError("there must be two classes at least") }
    guard !names.contains("") else { throw ValidationError("a class has no name") }
    guard Set(names).count == names.count else { throw ValidationError("a class is named twice") }
  }
}

/// Columns of a tab-separated file.
struct ColumnPair {
  let label: Int
  let text: Int

  /// Reads two numbers.
  ///
  /// - Parameter argument: as given on the command line.
  /// - Throws: `ValidationError` that says what is wanted.
  init(_ argument: String) throws {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard numbers.count == 2, let label = numbers[0], let text = numbers[1], min(label, text) >= 1
    else { throw ValidationError("two columns are wanted, counted from 1, as 2,4") }
    (self.label, self.text) = (label, text)
  }
}

/// The class that each number stands for, if any.
struct ClassList {
  let classes: [Int?]
  /// As it was given.
  let text: String

  /// Reads numbers and hyphens.
  ///
  /// - Parameter argument: as given on the command line.
  /// - Throws: `ValidationError` that says what is wanted.
  init(_ argument: String) throws {
    let words = argument.split(separator: ",", omittingEmptySubsequences: false)
    classes = words.map { Int($0) }
    text = argument
    let isUsable = zip(words, classes).allSatisfy { word, number in
      number.map { $0 >= 0 } ?? (word == "-")
    }
    guard isUsable else { throw ValidationError("numbers from 0 are wanted, or -, as 0,0,-,1,1") }
    guard classes.contains(where: { $0 != nil }) else {
      throw ValidationError("it leaves all texts out")
    }
  }
}
