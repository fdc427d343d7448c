import JSON

/// What the `adapter_config.json` of a LoRA adapter says about merging it.
///
/// Only what merging by W + (α / r) B A understands is accepted; another kind of adapter, and any
/// setting under which PEFT would compute something else, is refused by its name.
///
/// Source: Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", section 4.1;
/// Kalajdzievski 2023, "A Rank Stabilization Scaling Factor for Fine-Tuning with LoRA", for α / √r;
/// `LoraConfig` of Hugging Face's `peft`.
struct AdapterConfiguration {
  static let fileName = "adapter_config.json"
  private static let byteLimit = 1 << 22

  /// The model that the adapter was trained on, a path or an id, if one is named.
  let baseModel: String?
  /// Whether square matrices lie as [inputs, outputs], as those of GPT-2's Conv1D do.
  let areSquaresTransposed: Bool
  /// α / r is α / √r instead.
  private let isRankStabilized: Bool
  private let alpha: Double
  private let alphaPatterns: [(pattern: String, alpha: Double)]
  private let path: String

  /// Reads the configuration in an adapter's folder.
  ///
  /// - Throws: ``CheckpointError`` if it is not there, no JSON object, or not of this kind.
  init(folder: String) throws {
    path = folder + "/" + AdapterConfiguration.fileName
    let file = try InputFile(path, mode: .pread)
    let settings = Settings(
      values: try ModelConfiguration(
        parsing: file.content(limit: AdapterConfiguration.byteLimit), path: path
      ).settings, path: path)
    try settings.requireMergeable()
    baseModel = try settings.text("base_model_name_or_path")
    areSquaresTransposed = try settings.truth("fan_in_fan_out")
    isRankStabilized = try settings.truth("use_rslora")
    guard let alpha = try settings.number("lora_alpha") else {
      throw settings.malformed("has no lora_alpha")
    }
    self.alpha = alpha
    alphaPatterns = try settings.patterns("alpha_pattern")
  }

  /// What the product B A of a module is multiplied by: α / r, or α / √r.
  ///
  /// - Parameters:
  ///   - module: the module's name in the model, such as `h.0.attn.c_attn`.
  ///   - rank: r, the inner extent of the product.
  /// - Returns: the factor.
  func scale(of module: String, rank: Int) -> Double {
    let found = alphaPatterns.first { module == $0.pattern || module.hasSuffix("." + $0.pattern) }
    let alpha = found?.alpha ?? alpha
    return isRankStabilized ? alpha / Double(rank).squareRoot() : alpha / Double(rank)
  }

  /// A line of metadata.
  var summary: String {
    "lora_alpha \(alpha)" + (isRankStabilized ? ", rank-stabilized" : "")
  }
}

/// The settings of a file, by name.
private struct Settings {
  let values: [String: String]
  let path: String

  /// Flags that make the merged weights something else, and the word for it.
  private static let otherMethods = [
    ("use_dora", "DoRA (use_dora)"), ("lora_bias", "biases in B (lora_bias)"),
    ("use_qalora", "QALoRA (use_qalora)"), ("use_bdlora", "BD-LoRA (use_bdlora)"),
    ("velora_config", "VeLoRA (velora_config)"), ("monteclora_config", "MonteCLoRA"),
    ("kasa_config", "KaSA (kasa_config)"), ("arrow_config", "Arrow (arrow_config)"),
    ("alora_invocation_tokens", "activated LoRA (alora_invocation_tokens)"),
    ("layer_replication", "replicated layers (layer_replication)"),
    ("trainable_token_indices", "single trained tokens (trainable_token_indices)"),
    ("target_parameters", "single parameters (target_parameters)"),
    ("megatron_config", "Megatron's layers (megatron_config)"),
  ]
  /// Ways to begin training that leave the base as it was.
  private static let harmlessStarts = ["gaussian", "eva", "orthogonal"]

  func requireMergeable() throws {
    let type = try text("peft_type") ?? "none"
    guard type == "LORA" else {
      throw unsupported("is of PEFT's type \(type.shortened); only LORA is merged")
    }
    for (name, words) in Settings.otherMethods where isSet(name) {
      throw unsupported("uses \(words), which is not merged")
    }
    if let start = try? text("init_lora_weights"), !Settings.harmlessStarts.contains(start) {
      throw unsupported(
        "was begun by '\(start.shortened)' (init_lora_weights), which changes the base as well; "
          + "let PEFT convert it to an ordinary adapter")
    }
  }

  private func isSet(_ name: String) -> Bool {
    !["null", "false", "[]", "{}"].contains(values[name] ?? "null")
  }

  func text(_ name: String) throws -> String? {
    guard let value = values[name], value != "null" else { return nil }
    var scanner = JSONScanner(Array(value.utf8))
    guard let text = try? scanner.string() else { throw malformed("\(name) is no text") }
    return text
  }

  func truth(_ name: String) throws -> Bool {
    switch values[name] ?? "null" {
    case "true": true
    case "false", "null": false
    default: throw malformed("\(name) is neither true nor false")
    }
  }

  func number(_ name: String) throws -> Double? {
    guard let value = values[name] else { return nil }
    guard let number = Double(value), number.isFinite else {
      throw malformed("\(name) is no number")
    }
    return number
  }

  /// Numbers by the ends of modules' names. PEFT takes the keys as regular expressions; what is one
  /// indeed is refused, since it may mean other modules than it looks like.
  func patterns(_ name: String) throws -> [(pattern: String, alpha: Double)] {
    guard let value = values[name], value != "null" else { return [] }
    var found: [(pattern: String, alpha: Double)] = []
    do {
      try JSONScanner.read(Array(value.utf8)) { scanner in
        try scanner.object { scanner, key in
          guard let number = Double(try scanner.valueText()), number.isFinite else {
            throw malformed("\(name) holds what is no number")
          }
          guard key.utf8.allSatisfy(isOfName) else {
            throw unsupported("\(name) has a regular expression, which is not understood")
          }
          found.append((key, number))
        }
      }
    } catch let fault as JSONScanner.Fault {
      throw malformed("\(name): \(fault.detail)")
    }
    return found
  }

  private func isOfName(_ byte: UInt8) -> Bool {
    let character = Unicode.Scalar(byte)
    return character == "." || character == "_" || character.properties.isAlphabetic
      || (0x30...0x39).contains(byte)
  }

  func malformed(_ detail: String) -> CheckpointError {
    CheckpointError(.malformed, in: path, detail)
  }

  private func unsupported(_ detail: String) -> CheckpointError {
    CheckpointError(.unsupported, in: path, detail)
  }
}
