import Checkpoints

/// Whether the configurations beside two checkpoints agree.
struct ConfigurationCheck {
  private let a: ParameterList
  private let b: ParameterList

  init(_ a: ParameterList, _ b: ParameterList) { (self.a, self.b) = (a, b) }

  /// Settings that say who wrote a file, when and how, or how it was trained, and nothing of what it
  /// computes.
  private static let unimportant: Set<String> = [
    "_name_or_path", "transformers_version", "torch_dtype", "dtype", "use_cache", "architectures",
    "bos_token_id", "eos_token_id", "pad_token_id", "task_specific_params", "id2label", "label2id",
    "initializer_range", "initializer_factor", "gradient_checkpointing", "finetuning_task",
    "problem_type", "output_past", "keys_to_ignore_at_inference", "reorder_and_upcast_attn",
  ]

  /// Settings without which weights of equal shapes mean other things.
  private static let decisive: Set<String> = [
    "model_type", "n_head", "n_heads", "num_heads", "num_attention_heads", "num_key_value_heads",
    "head_dim", "position_embedding_type", "activation_function", "hidden_act", "activation",
  ]

  /// The line for the configuration.
  func line() -> CheckLine {
    do {
      let (mine, theirs) = try (
        ModelConfiguration(beside: a.checkpoint), ModelConfiguration(beside: b.checkpoint)
      )
      guard let mine, let theirs else {
        let place = place(whereMissing: mine == nil, theirs == nil)
        return CheckLine(.warning, "config", "not compared: no config.json beside \(place)")
      }
      return ConfigurationCheck.line(mine.settings, theirs.settings)
    } catch { return CheckLine(.warning, "config", "not compared: \(error)") }
  }

  private static func line(_ mine: [String: String], _ theirs: [String: String]) -> CheckLine {
    let differing = Set(mine.keys).union(theirs.keys).filter { name in
      !isUnimportant(name) && (mine[name] ?? "null") != (theirs[name] ?? "null")
    }
    let fatal = differing.filter { isFatal($0, mine[$0], theirs[$0]) }.sorted()
    let texts = (fatal + differing.subtracting(fatal).sorted()).map { name in
      "\(name): \(short(mine[name])) against \(short(theirs[name]))"
    }
    guard !texts.isEmpty else { return CheckLine(.ok, "config", "all settings agree") }
    return fatal.isEmpty
      ? CheckLine(.warning, "config", ParameterCheck.listed(texts))
      : CheckLine(
        .failure, "config", "weights mean other things: " + ParameterCheck.listed(texts))
  }

  private static func isUnimportant(_ name: String) -> Bool {
    unimportant.contains(name) || name.hasSuffix("pdrop") || name.contains("dropout")
  }

  /// Whether a setting that differs makes weights mean other things. Approximations of one activation
  /// do not; nor can that be said where one configuration leaves the setting to a default.
  private static func isFatal(_ name: String, _ mine: String?, _ theirs: String?) -> Bool {
    guard decisive.contains(name), let mine, let theirs else { return false }
    return !(mine.contains("gelu") && theirs.contains("gelu"))
  }

  private static func short(_ text: String?) -> String {
    guard let text else { return "not given" }
    return text.count > 40 ? text.prefix(40) + "…" : text
  }
}

/// Beside which of two models something is missing.
func place(whereMissing isMissingBesideA: Bool, _ isMissingBesideB: Bool) -> String {
  isMissingBesideA && isMissingBesideB ? "either" : isMissingBesideA ? "A" : "B"
}
