import ArgumentParser
import Checkpoints
import Geometry
import Glibc
import JSON
import Models
import Tokenization

/// Prints token ids and logits of texts, for comparison with other implementations.
///
/// Reads texts from standard input, one JSON string a line. Writes JSON lines: first how many
/// seconds loading, tokenizing and computing took, then two arrays for each text, ids and logits.
@main struct ClassifierProbe: ParsableCommand {
  @Argument(help: "The folder of a classifier.")
  var folder: String

  @Option var threads = 2

  @Option(help: "f32 or bf16.") var precision = Precision.float32

  @Option(help: "Compute so often, and print the fastest time.") var rounds = 1

  @Flag(help: "Print ids without logits.") var tokens = false

  func run() throws {
    let clock = ContinuousClock()
    var (model, ids, logits) = ((any SequenceClassifier)?.none, [[Int32]](), [[Float]]())
    let loading = try clock.measure { model = try open() }
    guard let model else { return }
    let tokenizer = try tokenizer(of: model)
    let texts = try readTexts()
    let encoding = clock.measure { ids = texts.map(tokenizer.ids) }
    let times = try (0..<(tokens ? 0 : rounds)).map { _ in
      try clock.measure { logits = try model.logits(of: ids, threads: threads) }
    }
    let seconds = [loading, encoding, times.min() ?? .zero].map { $0 / .seconds(1) }
    print(
      #"{"loading": \#(seconds[0]), "encoding": \#(seconds[1]), "computing": \#(seconds[2])}"#)
    for (index, ids) in ids.enumerated() { print(tokens ? "\(ids)" : "[\(ids), \(logits[index])]") }
  }

  private func open() throws -> any SequenceClassifier {
    let checkpoint = try ParameterList(openCheckpoint(folder))
    let settings = try ModelConfiguration(beside: checkpoint.checkpoint)
    return try openSequenceClassifier(
      MixedStateDict(checkpoint),
      settings: ModelSettings(path: folder, values: settings?.settings ?? [:]),
      precision: precision, threads: threads)
  }

  private func tokenizer(of model: any SequenceClassifier) throws -> ClassifierTokenizer {
    let longest = model.longestInput
    switch model.family {
    case .bert: return try ClassifierTokenizer(bert: wordPieces(), longestInput: longest)
    case .roberta: return try ClassifierTokenizer(roberta: bytePairs(), longestInput: longest)
    case .gpt2: return try ClassifierTokenizer(gpt2: bytePairs(), longestInput: longest)
    }
  }

  private func bytePairs() throws -> ByteLevelTokenizer {
    try ByteLevelTokenizer(vocabulary: file("vocab.json"), merges: file("merges.txt"))
  }

  private func wordPieces() throws -> WordPieceTokenizer {
    let configuration = try file("tokenizer_config.json")
    guard access(folder + "/vocab.txt", F_OK) == 0 else {
      let (bytes, path) = try file("tokenizer.json")
      return try WordPieceTokenizer(parsing: bytes, path: path, configuration: configuration)
    }
    var settings = WordPieceSettings()
    try settings.read(configuration.bytes, path: configuration.path)
    let (bytes, path) = try file("vocab.txt")
    return try WordPieceTokenizer(vocabulary: bytes, path: path, settings: settings)
  }

  private func file(_ name: String) throws -> (bytes: [UInt8], path: String) {
    let path = folder + "/" + name
    return (try InputFile(path, mode: .pread).content(limit: 1 << 25), path)
  }

  private func readTexts() throws -> [[UInt8]] {
    var texts: [[UInt8]] = []
    while let line = readLine() {
      try JSONScanner.read(Array(line.utf8)) { texts.append(Array(try $0.string().utf8)) }
    }
    return texts
  }
}

extension Precision: ExpressibleByArgument {}
