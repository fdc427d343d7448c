import Glibc
import Tensors

/// A model with a LoRA adapter merged into it, as PEFT's `merge_and_unload` would make it, without
/// being written.
///
/// Each matrix that the adapter changes is W + (α / r) B A, computed in binary64 as it is read and
/// rounded once to the base's type (``LowRankElements``); PEFT rounds the product and the sum, each
/// to the type it has. Tensors that the adapter holds as a whole (`modules_to_save`, biases,
/// resized embeddings) take the place of the base's, or come on top, with the type they have.
///
/// Whether a matrix lies as [outputs, inputs] or, as GPT-2's Conv1D has it, as [inputs, outputs] is
/// told by its shape; where it is square, by `fan_in_fan_out`. Names are compared without wrappers'
/// prefixes.
public struct MergedAdapter: Checkpoint {
  /// The adapter's folder.
  public let path: String
  /// The base's format, and that an adapter is merged in.
  public let format: String
  /// Every tensor of the base, changed or not, then those that only the adapter has.
  public let records: [TensorRecord]
  /// The base's.
  public let metadata: [(key: String, value: String)]
  /// The base's, before which stands what was merged.
  public let notes: [String]
  /// The base's files and the adapter's.
  public let files: [InputFile]
  /// The base's: an adapter has no configuration of the model.
  public let modelPath: String

  private static let weightNames = ["adapter_model.safetensors", "adapter_model.bin"]

  /// Opens an adapter and its base.
  ///
  /// - Parameters:
  ///   - folder: the adapter's, with `adapter_config.json` and its weights.
  ///   - rules: what the base is, and how tensors are read.
  /// - Throws: ``CheckpointError`` if one of them cannot be read, the adapter is not LoRA's, or it
  ///   does not fit the base.
  /// - Complexity: of opening both; tensors are not read.
  public init(folder: String, _ rules: CheckpointReading) throws {
    let configuration = try AdapterConfiguration(folder: folder)
    let weights = try MergedAdapter.weights(in: folder, mode: rules.mode)
    guard let argument = rules.baseModel ?? configuration.baseModel else {
      throw CheckpointError(
        .incomplete, in: folder, "the adapter names no base model; --base-model says which it is")
    }
    let base = try MergedAdapter.base(argument, of: folder, rules)
    var merger = try Merger(base, configuration, weights.path)
    let tensors = try AdapterTensors(weights)
    records = try merger.merged(tensors)
    (path, format, metadata) = (folder, base.format + " and LoRA", base.metadata)
    let place = recordedPath(argument, whole: false)
    notes =
      [
        "LoRA adapter merged into \(place): \(tensors.factors.count) matrices changed, "
          + "\(tensors.replacements.count) tensors replaced or added; \(configuration.summary)"
      ]
      + base.notes
    files = (base.files + weights.files).uniqued
    modelPath = base.modelPath
  }

  private static func weights(in folder: String, mode: InputMode) throws -> any Checkpoint {
    let paths = weightNames.map { folder + "/" + $0 }
    guard let path = paths.first(where: { access($0, F_OK) == 0 }) else {
      throw CheckpointError(
        .noCheckpoint, in: folder,
        "the adapter has no weights (\(weightNames.joined(separator: ", ")))")
    }
    return try openSingleFile(path, mode: mode)
  }

  private static func base(
    _ argument: String, of folder: String, _ rules: CheckpointReading
  ) throws -> any Checkpoint {
    do {
      return try openCheckpoint(argument, rules.withoutAdapters)
    } catch let error as CheckpointError where error.reason == .unreadable && rules.baseModel == nil
    {
      throw CheckpointError(
        .incomplete, in: folder,
        "its base model '\(argument.shortened)' is not here; --base-model says where it is")
    }
  }
}

/// Puts the tensors of an adapter into those of its base.
private struct Merger {
  private let configuration: AdapterConfiguration
  private let path: String
  private let pieces = DecodedPieces()
  private var records: [TensorRecord]
  /// Where a tensor of the base is, by its stored name and by its canonical one.
  private var positions: [TensorName: Int] = [:]

  init(_ base: any Checkpoint, _ configuration: AdapterConfiguration, _ path: String) throws {
    (self.configuration, self.path, records) = (configuration, path, base.records)
    for (index, record) in records.enumerated() {
      let name = Merger.canonical(record.name, shape: record.shape)
      guard positions.updateValue(index, forKey: name) == nil else {
        throw CheckpointError(
          .unsupported, in: base.path, tensor: record.name,
          "two tensors have this name but for prefixes, so no adapter can be merged")
      }
    }
    for (index, record) in records.enumerated() { positions[record.name] = index }
  }

  private static func canonical(_ name: TensorName, shape: Shape) -> TensorName {
    ParameterName(name, shape: shape).canonical
  }

  mutating func merged(_ tensors: AdapterTensors) throws -> [TensorRecord] {
    for replacement in tensors.replacements { try replace(replacement) }
    for (module, factors) in tensors.factors { try add(factors, to: module) }
    return records
  }

  private func position(of name: TensorName, shape: Shape) -> Int? {
    positions[name] ?? positions[Merger.canonical(name, shape: shape)]
  }

  private mutating func replace(_ tensor: TensorRecord) throws {
    guard let index = position(of: tensor.name, shape: tensor.shape) else {
      positions[tensor.name] = records.count
      return records.append(tensor)
    }
    let old = records[index].shape.dimensions
    // A vocabulary may have grown.
    guard old.count == tensor.shape.rank, old.dropFirst() == tensor.shape.dimensions.dropFirst()
    else {
      throw malformed(
        "has shape \(tensor.shape) and cannot replace one of \(records[index].shape)", tensor.name)
    }
    records[index] = tensor.renamed(records[index].name)
  }

  private mutating func add(_ factors: AdapterTensors.Factors, to module: String) throws {
    let name = TensorName(module + ".weight")
    guard let index = position(of: name, shape: factors.inner.shape) else {
      throw malformed("is changed by the adapter, and the base has no such tensor", name)
    }
    let base = records[index]
    guard base.dtype.isFloatingPoint else {
      throw CheckpointError(
        .unsupported, in: path, tensor: base.name,
        "is of type \(base.dtype.rawValue) in the base, to which no fractions can be added")
    }
    let (left, right) = try sides(of: factors, over: base)
    let elements = LowRankElements(
      base: base, left: left, right: right,
      scale: configuration.scale(of: module, rank: factors.rank), pieces: pieces)
    let merged = try TensorRecord(base, encoded: elements)
    // One that is tied changes with it, as it does in memory.
    for other in records.indices where records[other].isAlias(of: base) {
      records[other] = merged.renamed(records[other].name)
    }
    records[index] = merged
  }

  /// The factors in the order in which their product lies as the base's matrix does.
  private func sides(
    of factors: AdapterTensors.Factors, over base: TensorRecord
  ) throws -> (left: TensorRecord, right: TensorRecord) {
    let product = [factors.outer.shape.dimensions[0], factors.inner.shape.dimensions[1]]
    let (plain, transposed) = (
      base.shape.dimensions == product, base.shape.dimensions == product.reversed()
    )
    guard plain || transposed else {
      throw malformed(
        "has shape \(base.shape) in the base; the adapter adds \(Shape.list(product))", base.name)
    }
    let isTransposed =
      factors.isEmbedding || (plain && transposed ? configuration.areSquaresTransposed : transposed)
    guard isTransposed ? transposed : plain else {
      throw malformed("is no embedding of the shape that the adapter adds", base.name)
    }
    return isTransposed
      ? (factors.inner.transposed, factors.outer.transposed) : (factors.outer, factors.inner)
  }

  private func malformed(_ detail: String, _ name: TensorName) -> CheckpointError {
    CheckpointError(.malformed, in: path, tensor: name, detail)
  }
}
