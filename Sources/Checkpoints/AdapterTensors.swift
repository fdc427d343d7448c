import Tensors

/// The tensors of a LoRA adapter, sorted by what is done with them.
///
/// | stored name, after `base_model.model.` | what it is |
/// |---|---|
/// | `X.lora_A.weight`, `X.lora_B.weight` | A, [r, inputs], and B, [outputs, r], of module X |
/// | `X.lora_embedding_A`, `X.lora_embedding_B` | the same of an embedding, [r, rows] and [width, r] |
/// | any other | a tensor that was trained as a whole and takes the place of the base's |
///
/// An adapter's own name (`.default`) may follow `lora_A`; `.modules_to_save` and `.base_layer` may
/// stand within the name of a tensor that was trained as a whole.
///
/// Source: `get_peft_model_state_dict` of Hugging Face's `peft`.
struct AdapterTensors {
  /// The two factors of one module.
  struct Factors {
    /// A, [r, inputs], or [r, rows] of an embedding.
    let inner: TensorRecord
    /// B, [outputs, r], or [width, r] of an embedding.
    let outer: TensorRecord
    /// Whether the module is an embedding, whose matrix is the product's transpose.
    let isEmbedding: Bool

    /// r.
    var rank: Int { inner.shape.dimensions[0] }
  }

  /// By the module's name in the model, in the order of the names.
  private(set) var factors: [(module: String, factors: Factors)] = []
  /// Tensors trained as a whole, under their names in the model.
  private(set) var replacements: [TensorRecord] = []

  private let path: String
  private var halves: [String: (inner: TensorRecord?, outer: TensorRecord?, isEmbedding: Bool)] =
    [:]

  /// Sorts the tensors of an adapter's file.
  ///
  /// - Throws: ``CheckpointError`` if one is of another method than LoRA, or factors lack each other
  ///   or do not fit.
  init(_ checkpoint: any Checkpoint) throws {
    path = checkpoint.path
    for record in checkpoint.records { try sort(record) }
    for (module, half) in halves.sorted(by: { $0.key < $1.key }) {
      factors.append((module, try pair(half, of: module)))
    }
    halves = [:]
    var seen = Set<TensorName>()
    if let twice = replacements.first(where: { !seen.insert($0.name).inserted }) {
      throw malformed("two tensors stand for it", twice.name)
    }
  }

  private mutating func sort(_ record: TensorRecord) throws {
    var parts = record.name.text.split(separator: ".", omittingEmptySubsequences: false)
    if parts.starts(with: ["base_model", "model"]) { parts.removeFirst(2) }
    guard let position = parts.firstIndex(where: { $0.hasPrefix("lora_") }) else {
      return try replace(parts, record)
    }
    let module = parts[..<position].joined(separator: ".")
    let rest = parts[(position + 1)...].filter { $0 != "default" }
    let isEmbedding = parts[position].hasPrefix("lora_embedding_")
    guard ["lora_A", "lora_B", "lora_embedding_A", "lora_embedding_B"].contains(parts[position]),
      rest == (isEmbedding ? [] : ["weight"])
    else {
      throw CheckpointError(
        .unsupported, in: path, tensor: record.name, "is of a kind of adapter that is not merged")
    }
    var half = halves[module] ?? (nil, nil, isEmbedding)
    let isInner = parts[position].hasSuffix("A")
    guard half.isEmbedding == isEmbedding, (isInner ? half.inner : half.outer) == nil else {
      throw malformed("a second factor of '\(module.shortened)'", record.name)
    }
    if isInner { half.inner = record } else { half.outer = record }
    halves[module] = half
  }

  private mutating func replace(_ parts: [Substring], _ record: TensorRecord) throws {
    guard !parts.contains(where: { $0.hasPrefix("trainable_tokens") || $0 == "token_adapter" })
    else {
      throw CheckpointError(
        .unsupported, in: path, tensor: record.name,
        "holds single trained tokens, which are not merged")
    }
    var parts = parts
    if let place = parts.firstIndex(of: "modules_to_save") {
      parts.remove(at: place)
      if place < parts.count, parts[place] == "default" { parts.remove(at: place) }
    }
    let name = parts.filter { $0 != "base_layer" }.joined(separator: ".")
    replacements.append(record.renamed(TensorName(name)))
  }

  private func pair(
    _ half: (inner: TensorRecord?, outer: TensorRecord?, isEmbedding: Bool), of module: String
  ) throws -> Factors {
    let name = TensorName(module)
    guard let inner = half.inner, let outer = half.outer else {
      throw malformed("has one of the factors A and B, not both", name)
    }
    for factor in [inner, outer] where factor.shape.rank != 2 || !factor.dtype.isFloatingPoint {
      throw CheckpointError(
        .unsupported, in: path, tensor: factor.name,
        "a factor of shape \(factor.shape) and type \(factor.dtype.rawValue) is not merged; "
          + "matrices of fractions are")
    }
    guard inner.shape.dimensions[0] == outer.shape.dimensions[1], inner.shape.dimensions[0] > 0
    else {
      throw malformed("its factors have shapes \(inner.shape) and \(outer.shape)", name)
    }
    return Factors(inner: inner, outer: outer, isEmbedding: half.isEmbedding)
  }

  private func malformed(_ detail: String, _ name: TensorName) -> CheckpointError {
    CheckpointError(.malformed, in: path, tensor: name, detail)
  }
}
