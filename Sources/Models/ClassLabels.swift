import JSON
import Tensors

/// The names of a classifier's classes.
///
/// `id2label` has them; without it they are `LABEL_0` and so on, as many as the head has rows.
///
/// Source: `PretrainedConfig` of `transformers`.
struct ClassLabels {
  /// In the order of their numbers, at least two.
  let names: [String]

  /// Reads names, and checks them against the head.
  ///
  /// - Throws: ``ModelError`` if the head is missing, names are not one for each of its rows, or the
  ///   model tells no classes apart: it estimates a number, or several classes may be right at once.
  init(_ settings: ModelSettings, of weights: some StateDict, head: TensorName) throws {
    let count = try WeightShapes(weights: weights, settings: settings).matrix(head).rows
    try ClassLabels.requireSingleLabels(settings)
    guard count >= 2 else {
      throw ModelError(
        .unsupported, in: weights.path, tensor: head,
        "has one row: the model estimates a number and tells no classes apart")
    }
    if !settings.has("id2label") {
      try settings.requireAgreement(with: [("num_labels", count)])
    }
    let found = try ClassLabels.named(settings)
    guard found.map({ Set($0.keys) == Set(0..<count) }) ?? true else {
      throw settings.refusal(
        of: "id2label", "and should name labels 0 to \(count - 1), the rows of \(head)",
        as: .mismatch)
    }
    names = (0..<count).map { found?[$0] ?? "LABEL_\($0)" }
  }

  /// Reads names, or numbers, as settings alone give them.
  ///
  /// - Throws: ``ModelError`` if there are fewer than two, or the model tells no classes apart.
  init(_ settings: ModelSettings) throws {
    try ClassLabels.requireSingleLabels(settings)
    let found = try ClassLabels.named(settings)
    let count = try found?.count ?? settings.integer("num_labels") ?? 2
    guard 2...ClassLabels.most ~= count, found.map({ Set($0.keys) == Set(0..<count) }) ?? true
    else {
      throw settings.refusal(
        of: "id2label", "and should name labels 0, 1 and so on, 2 to \(ClassLabels.most) of them",
        as: .mismatch)
    }
    names = (0..<count).map { found?[$0] ?? "LABEL_\($0)" }
  }

  /// More than any model has.
  private static let most = 1 << 20

  private static func requireSingleLabels(_ settings: ModelSettings) throws {
    if let problem = try settings.text("problem_type"), problem != "single_label_classification" {
      throw settings.refusal(of: "problem_type", "and only single labels are supported")
    }
  }

  private static func named(_ settings: ModelSettings) throws -> [Int: String]? {
    guard settings.has("id2label"), let text = settings.values["id2label"] else { return nil }
    var names: [Int: String] = [:]
    do {
      try JSONScanner.read(Array(text.utf8)) { scanner in
        try scanner.object { scanner, key in
          guard let number = Int(key) else { throw scanner.fault("a label without a number") }
          // A name may be written as a number.
          names[number] =
            scanner.peek() == UInt8(ascii: "\"") ? try scanner.string() : try scanner.valueText()
        }
      }
    } catch is JSONScanner.Fault {
      throw settings.refusal(of: "id2label", "and should be an object of numbers and names")
    }
    return names
  }
}
