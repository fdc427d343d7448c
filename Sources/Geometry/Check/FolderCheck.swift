import Checkpoints
import Tensors

/// Whether the configurations and tokenizers beside two checkpoints agree.
struct FolderCheck {
  private let a: ParameterList
  private let b: ParameterList

  init(_ a: ParameterList, _ b: ParameterList) { (self.a, self.b) = (a, b) }

  /// A line for the configuration and one for the tokens.
  func lines() -> [CheckLine] { [configuration(), tokens()] }

  /// Settings that say who wrote a file, when and how, and nothing of the model.
  private static let unimportant: Set<String> = [
    "_name_or_path", "transformers_version", "torch_dtype", "dtype", "use_cache", "architectures",
    "bos_token_id", "eos_token_id", "pad_token_id", "task_specific_params", "id2label", "label2id",
  ]

  private func configuration() -> CheckLine {
    do {
      guard let mine = try ModelConfiguration(beside: a.checkpoint),
        let theirs = try ModelConfiguration(beside: b.checkpoint)
      else { return CheckLine(.warning, "config", "no config.json beside both") }
      let names = Set(mine.settings.keys).union(theirs.settings.keys)
        .subtracting(FolderCheck.unimportant)
      let differing = names.sorted().filter { mine.settings[$0] != theirs.settings[$0] }
      guard !differing.isEmpty else { return CheckLine(.ok, "config", "all settings agree") }
      let texts = differing.map { name in
        "\(name): \(FolderCheck.short(mine.settings[name])) against "
          + FolderCheck.short(theirs.settings[name])
      }
      return CheckLine(.warning, "config", ParameterCheck.listed(texts))
    } catch { return CheckLine(.warning, "config", "\(error)") }
  }

  private static func short(_ text: String?) -> String {
    guard let text else { return "nothing" }
    return text.count > 40 ? text.prefix(40) + "…" : text
  }

  private func tokens() -> CheckLine {
    do {
      guard let mine = try TokenTable(beside: a.checkpoint),
        let theirs = try TokenTable(beside: b.checkpoint)
      else { return CheckLine(.warning, "tokens", "no vocabulary beside both") }
      let moved = mine.numbers.filter { token, number in
        theirs.numbers[token].map { $0 != number } ?? false
      }
      let alone = mine.numbers.keys.count { theirs.numbers[$0] == nil }
      let added = theirs.numbers.keys.count { mine.numbers[$0] == nil }
      guard moved.isEmpty else {
        return CheckLine(
          .failure, "tokens",
          "\(moved.count) tokens have other numbers, such as "
            + "'\(moved.keys.sorted().first?.description ?? "")'")
      }
      guard alone + added == 0 else {
        return CheckLine(
          .warning, "tokens",
          "\(alone) tokens are only in A and \(added) only in B; the "
            + "\(mine.numbers.count - alone) others have the same numbers")
      }
      return CheckLine(.ok, "tokens", "\(mine.numbers.count) tokens have the same numbers in both")
    } catch { return CheckLine(.warning, "tokens", "\(error)") }
  }
}
