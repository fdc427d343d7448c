import Glibc

/// The cache where Hugging Face's libraries keep downloaded models.
///
/// Layout: `<root>/models--<org>--<name>/snapshots/<commit>/`, with `refs/main` naming the commit.
///
/// Source: Hugging Face Hub documentation, "Local cache".
struct HuggingFaceCache {
  private let root: String?

  /// Finds the root: `HF_HUB_CACHE`, else `HUGGINGFACE_HUB_CACHE`, `HF_HOME/hub`,
  /// `XDG_CACHE_HOME/huggingface/hub`, `~/.cache/huggingface/hub`.
  init() {
    root =
      environment("HF_HUB_CACHE") ?? environment("HUGGINGFACE_HUB_CACHE")
      ?? environment("HF_HOME").map { $0 + "/hub" }
      ?? environment("XDG_CACHE_HOME").map { $0 + "/huggingface/hub" }
      ?? environment("HOME").map { $0 + "/.cache/huggingface/hub" }
  }

  /// Models that the hub moved under an organization and that many still call by the old name.
  private static let movedTo = [
    "gpt2": "openai-community/gpt2", "gpt2-medium": "openai-community/gpt2-medium",
    "gpt2-large": "openai-community/gpt2-large", "gpt2-xl": "openai-community/gpt2-xl",
    "distilgpt2": "distilbert/distilgpt2", "roberta-base": "FacebookAI/roberta-base",
    "bert-base-uncased": "google-bert/bert-base-uncased",
  ]

  /// The folder of a model's main revision, or of `id@revision`; `nil` if it is not there.
  func snapshot(of argument: String) -> String? {
    let parts = argument.split(separator: "@", maxSplits: 1).map(String.init)
    guard let root, let id = parts.first, HuggingFaceCache.isModelID(id) else { return nil }
    let revision = parts.count > 1 ? parts[1] : "main"
    guard HuggingFaceCache.isPlain(revision) else { return nil }
    return [id, HuggingFaceCache.movedTo[id]].compactMap { $0 }.lazy
      .map { root + "/models--" + $0.split(separator: "/").joined(separator: "--") }
      .compactMap { folder(of: revision, in: $0) }.first
  }

  private func folder(of revision: String, in model: String) -> String? {
    let commit = firstLine(of: model + "/refs/" + revision) ?? revision
    guard HuggingFaceCache.isPlain(commit) else { return nil }
    let folder = model + "/snapshots/" + commit
    return access(folder, R_OK) == 0 ? folder : nil
  }

  private func firstLine(of path: String) -> String? {
    guard let file = try? InputFile(path, mode: .pread), file.byteCount <= 256,
      let bytes = try? file.copy(0..<file.byteCount)
    else { return nil }
    return String(decoding: bytes.prefix { $0 > 0x20 }, as: UTF8.self)
  }

  private static func isModelID(_ id: String) -> Bool {
    let parts = id.split(separator: "/", omittingEmptySubsequences: false)
    return (1...2).contains(parts.count) && parts.allSatisfy { isPlain(String($0)) }
  }

  private static func isPlain(_ name: String) -> Bool {
    !name.isEmpty && name != "." && name != ".." && !name.contains("/")
  }
}

private func environment(_ name: String) -> String? {
  getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
}
