import Checkpoints
import Models
import Tensors

/// Parameters in a safetensors file: weights, or weights with their moments.
struct StoredParameters {
  /// One set of parameters, and what goes before the names of its tensors.
  typealias Part = (prefix: String, parameters: ModelParameters)

  /// Writes parameters, so that the path holds either what was there before or all of them.
  ///
  /// - Parameters:
  ///   - parts: what to write, with prefixes that differ.
  ///   - metadata: text to carry.
  ///   - path: the file.
  ///   - name: the name to store a tensor under, after the prefix.
  /// - Throws: `OutputError` if it cannot be written.
  static func write(
    _ parts: [Part], metadata: [(key: String, value: String)], to path: String,
    naming name: (TensorName) -> TensorName = { $0 }
  ) throws {
    let tensors = parts.flatMap { part in part.parameters.tensors.map { (part, $0) } }
    let writer = try SafetensorsWriter(
      path,
      entries: tensors.map { part, tensor in
        .init(
          name: TensorName(part.prefix + name(tensor.name).text), dtype: .float32,
          shape: tensor.shape)
      }, metadata: metadata)
    for (index, (part, tensor)) in tensors.enumerated() {
      try writer.write(UnsafeRawBufferPointer(part.parameters[tensor]), of: index, from: 0)
    }
    try writer.commit()
  }

  /// Reads parameters that were written.
  ///
  /// - Parameters:
  ///   - parts: what to fill.
  ///   - file: where they are.
  /// - Throws: ``TrainingError`` if a tensor is missing or has another shape or type;
  ///   `CheckpointError` if the file has shrunk.
  static func read(_ parts: [Part], from file: SafetensorsFile) throws {
    let records = Dictionary(file.records.map { ($0.name, $0) }) { first, _ in first }
    for (prefix, parameters) in parts {
      for tensor in parameters.tensors {
        let name = TensorName(prefix + tensor.name.text)
        guard let record = records[name], record.shape == tensor.shape, record.dtype == .float32
        else {
          throw TrainingError(
            .malformed, in: file.path, "has no tensor '\(name)' of shape \(tensor.shape) in F32")
        }
        let values = parameters[tensor]
        try ElementReader(record).readFloats(0..<values.count, into: values)
      }
    }
  }
}
