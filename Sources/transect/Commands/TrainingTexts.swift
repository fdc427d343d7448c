import Checkpoints
import Models
import Reports
import Tokenization
import Training

/// The texts of a run of training.
struct TrainingTexts {
  /// What is trained on.
  let training: any TrainingData
  /// What is measured between steps, if anything.
  let validation: (any TrainingData)?
  /// What a result is made from.
  let inputs: [Provenance.Input]
}

/// Reads texts as tokens.
struct TrainingTextReader {
  let source: TrainingSource
  let layout: TextOptions
  let classification: ClassificationOptions
  /// The most tokens that are read together.
  let length: Int
  let seed: UInt64
  /// Is given what a user should know.
  let warn: (String) -> Void

  /// Reads texts.
  ///
  /// - Parameters:
  ///   - paths: what to train on.
  ///   - valid: what to measure, if anything.
  /// - Returns: the texts as windows.
  /// - Throws: `TrainingError` if there is too little text or a label stands for no class;
  ///   `TokenizationError`, `CheckpointError` or `ModelError` if files cannot be read.
  func read(_ paths: [String], valid: String?) throws -> TrainingTexts {
    let files = try paths.map { try File($0, role: "data") }
    let measured = try valid.map { [try File($0, role: "eval")] }
    let inputs = (files + (measured ?? [])).map(\.input)
    guard let classifier = source.classifier else {
      let tokenizer = try source.tokenizer()
      return TrainingTexts(
        training: try joined(files, tokenizer),
        validation: try measured.map { try joined($0, tokenizer) }, inputs: inputs)
    }
    let reader = LabelledTextReader(
      model: classifier.model,
      tokenizer: try source.classifierTokenizer(classifier.family, longestInput: length),
      numbers: try classification.numbers(classifier.labels))
    func windows(_ files: [File], phrases: Bool) throws -> [ScoredTokens] {
      let layout = try classification.layout(layout, phrases: phrases)
      let windows = try files.flatMap { try reader.windows(of: $0, layout) }
      return phrases ? windows.withoutRepetitions : windows
    }
    let examples = try windows(files, phrases: classification.phrases)
    warnOfMissing(classifier.labels, in: examples)
    return TrainingTexts(
      training: try LabelledSequences(examples, seed: seed, path: File.paths(files)),
      validation: try measured.map {
        try LabelledSequences(windows($0, phrases: false), seed: seed, path: File.paths($0))
      }, inputs: inputs)
  }

  /// Names the classes that no text has, which the model will not learn.
  private func warnOfMissing(_ labels: [String], in windows: [ScoredTokens]) {
    let seen = Set(windows.compactMap(\.tokens.last))
    let missing = labels.indices.filter { !seen.contains(Int32($0)) }.map { labels[$0] }
    guard !windows.isEmpty, !missing.isEmpty else { return }
    warn("no text has the class \(missing.joined(separator: ", "))")
  }

  /// A file of texts that was read.
  fileprivate struct File {
    let path: String
    let bytes: [UInt8]
    let input: Provenance.Input

    init(_ path: String, role: String) throws {
      self.path = path
      bytes = try TextInput(path).rest()
      input = .init(label: baseName(path), role: role, path: path, bytes: bytes)
    }

    static func paths(_ files: [File]) -> String { files.map(\.path).joined(separator: ", ") }
  }

  private func joined(_ files: [File], _ tokenizer: ByteLevelTokenizer) throws -> TrainingText {
    var (encoder, ids) = (tokenizer.encoder(), [[Int32]]())
    for file in files {
      var documents = layout.documents(in: file.bytes, of: file.path)
      while let document = try documents.next() { ids.append(encoder.encode(document.text)) }
    }
    return try TrainingText(
      documents: ids, endOfText: tokenizer.endOfText, length: length, seed: seed,
      path: File.paths(files))
  }
}

/// Reads texts with classes.
private struct LabelledTextReader {
  let model: any TrainableModel
  let tokenizer: ClassifierTokenizer
  let numbers: ClassNumbers

  /// The texts of a file, but those that are to be left out.
  func windows(of file: TrainingTextReader.File, _ layout: LabelledLayout) throws -> [ScoredTokens]
  {
    var (windows, rest) = ([ScoredTokens](), [file.bytes])
    var documents = LabelledDocuments(layout, path: file.path) { rest.popLast() ?? [] }
    while let found = try documents.next() {
      windows += try found.compactMap { try window($0, file.path) }
    }
    return windows
  }

  private func window(_ document: LabelledDocument, _ path: String) throws -> ScoredTokens? {
    let number = try numbers.number(of: document.label, path: path, line: document.line)
    guard let number else { return nil }
    let ids = tokenizer.ids(of: document.text)
    guard !ids.isEmpty else {
      throw TrainingError(.noTokens, in: "\(path): line \(document.line)", "its text has no tokens")
    }
    return model.window(of: ids, label: Int32(number))
  }
}

extension [ScoredTokens] {
  /// The first of equals each: phrases of a treebank appear in many sentences.
  fileprivate var withoutRepetitions: [ScoredTokens] {
    var seen: Set<ScoredTokens> = []
    return filter { seen.insert($0).inserted }
  }
}
