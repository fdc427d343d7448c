import Tensors

/// A storage as the pickles of PyTorch refer to it: `('storage', type, key, device, element count)`.
///
/// Before PyTorch 1.6 a sixth field followed: None, or `(key, first element, element count)` of a
/// view of the storage, which then is what is referred to.
///
/// Source: PyTorch, `torch/serialization.py`, `_legacy_save` and `_save`.
struct StorageID {
  /// With its module, such as `torch.FloatStorage`.
  let type: String
  /// Under which the file keeps the bytes.
  let key: String
  /// Elements of the whole storage.
  let count: Int
  /// Those of a view of it, or `nil` for the whole.
  let elements: Range<Int>?
  /// Whether there are six fields.
  let isOlderForm: Bool

  /// Reads an id, or is `nil` if it is not of this form.
  init?(_ id: PickleTuple, in graph: PickleGraph) {
    let fields = Array(graph.items(of: id))
    guard fields.count == 5 || fields.count == 6, case .text("storage") = fields[0],
      let type = graph.globalName(fields[1]), case .text(let key) = fields[2],
      case .integer(let count) = fields[4], count >= 0
    else { return nil }
    guard let view = StorageID.view(fields.dropFirst(5).first ?? .other, in: graph) else {
      return nil
    }
    (self.type, self.key, self.count, elements) = (type, key, count, view)
    isOlderForm = fields.count == 6
  }

  /// The elements of a view, `.some(nil)` where there is none, or `nil` for what is no view.
  private static func view(_ value: PickleValue, in graph: PickleGraph) -> Range<Int>?? {
    if case .other = value { return .some(nil) }
    guard case .tuple(let tuple) = value, tuple.count == 3 else { return nil }
    let parts = Array(graph.items(of: tuple))
    guard case .integer(let first) = parts[1], case .integer(let count) = parts[2],
      first >= 0, count >= 0, case (let end, false) = first.addingReportingOverflow(count)
    else { return nil }
    return first..<end
  }

  /// Bytes of one element, or `nil` for a type that is not known.
  var elementByteCount: Int? {
    StorageID.elementTypes[type]?.byteCount ?? StorageID.unreadableTypes[type]
  }

  /// An untyped storage counts bytes, and the function that rebuilds the tensor says the type.
  static let elementTypes: [String: DType] = [
    "torch.DoubleStorage": .float64, "torch.FloatStorage": .float32,
    "torch.HalfStorage": .float16, "torch.BFloat16Storage": .bfloat16,
    "torch.LongStorage": .int64, "torch.IntStorage": .int32, "torch.ShortStorage": .int16,
    "torch.CharStorage": .int8, "torch.ByteStorage": .uint8, "torch.BoolStorage": .bool,
    "torch.storage.UntypedStorage": .uint8,
  ]

  /// Bytes of one element of types that can be stepped over, not read.
  private static let unreadableTypes = [
    "torch.ComplexFloatStorage": 8, "torch.ComplexDoubleStorage": 16, "torch.QInt8Storage": 1,
    "torch.QUInt8Storage": 1, "torch.QInt32Storage": 4,
  ]
}
