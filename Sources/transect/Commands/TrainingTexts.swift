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

  /// Reads texts.
  ///
  /// - Parameters:
  ///   - paths: what to train on.
  ///   - valid: what to measure, if anything.
  /// - Throws: `TrainingError` if there is too little text or a label stands for no class;
  ///   `TokenizationError`, `CheckpointError` or `ModelError` if files cannot be read.
  func read(_ paths: [String], valid: String?) throws -> TrainingTexts {
    var inputs: [Provenance.Input] = []
    func content(_ path: String, role: String) throws -> (path: String, bytes: [UInt8]) {
      let bytes = try TextInput(path).rest()
      inputs.append(.init(label: baseName(path), role: role, path: path, bytes: bytes))
      return (path, bytes)
    }
    let files = try paths.map { try content($0, role: "data") }
    let measured = try valid.map { [try content($0, role: "eval")] }
    let (training, validation): (any TrainingData, (any TrainingData)?)
    if let classifier = source.classifier {
      let reader = try labelledReader(classifier)
      training = try reader(files, classification.phrases)
      validation = try measured.map { try reader($0, false) }
    } else {
      let tokenizer = try source.tokenizer()
      training = try joined(files, tokenizer)
      validation = try measured.map { try joined($0, tokenizer) }
    }
    return TrainingTexts(training: training, validation: validation, inputs: inputs)
  }

  private typealias Files = [(path: String, bytes: [UInt8])]

  private func joined(_ files: Files, _ tokenizer: ByteLevelTokenizer) throws -> TrainingText {
    var (encoder, ids) = (tokenizer.encoder(), [[Int32]]())
    for (path, bytes) in files {
      var documents = layout.documents(in: bytes, of: path)
      while let document = try documents.next() { ids.append(encoder.encode(document.text)) }
    }
    return try TrainingText(
      documents: ids, endOfText: tokenizer.endOfText, length: length, seed: seed,
      path: files.map(\.path).joined(separator: ", "))
  }

  private func labelledReader(
    _ classifier: TrainableClassifier
  ) throws -> (Files, _ phrases: Bool) throws -> LabelledSequences {
    let tokenizer = try source.classifierTokenizer(classifier.family, longestInput: length)
    let numbers = try classification.numbers(classifier.labels)
    return { files, phrases in
      var windows: [ScoredTokens] = []
      for (path, bytes) in files {
        var documents = LabelledDocuments(
          try classification.layout(layout, phrases: phrases), path: path, all: bytes)
        while let found = try documents.next() {
          windows += try found.compactMap { document in
            try numbers.number(of: document.label, path: path, line: document.line).map {
              try window(document, $0, classifier.model, tokenizer, path)
            }
          }
        }
      }
      return try LabelledSequences(
        phrases ? windows.withoutRepetitions : windows, seed: seed,
        path: files.map(\.path).joined(separator: ", "))
    }
  }

  private func window(
    _ document: LabelledDocument, _ number: Int, _ model: any TrainableModel,
    _ tokenizer: ClassifierTokenizer, _ path: String
  ) throws -> ScoredTokens {
    let ids = tokenizer.ids(of: document.text)
    guard !ids.isEmpty else {
      throw TrainingError(.noTokens, in: "\(path): line \(document.line)", "its text has no tokens")
    }
    return model.window(of: ids, label: Int32(number))
  }
}

extension LabelledDocuments {
  /// Documents of a file that was read.
  fileprivate init(_ layout: LabelledLayout, path: String, all bytes: [UInt8]) {
    var rest: [UInt8]? = bytes
    self.init(layout, path: path) {
      defer { rest = nil }
      return rest ?? []
    }
  }
}

extension [ScoredTokens] {
  /// The first of equals each: phrases of a treebank appear in many sentences.
  fileprivate var withoutRepetitions: [ScoredTokens] {
    var seen: Set<ScoredTokens> = []
    return filter { seen.insert($0).inserted }
  }
}
