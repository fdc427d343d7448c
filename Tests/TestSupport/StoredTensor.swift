import Checkpoints
import Tensors

/// A tensor to be written to a safetensors file.
public struct StoredTensor: Sendable {
  /// Without quotes or backslashes.
  public var name: String
  /// The encoding of each element.
  public var dtype: DType
  /// The extents, outermost first.
  public var shape: [Int]
  /// The elements, lowest byte first, row-major.
  public var bytes: [UInt8]

  /// Creates a tensor of encoded elements.
  ///
  /// - Parameters:
  ///   - name: without quotes or backslashes.
  ///   - dtype: the encoding of each element.
  ///   - shape: the extents.
  ///   - bytes: the elements.
  public init(_ name: String, _ dtype: DType, _ shape: [Int], bytes: [UInt8]) {
    (self.name, self.dtype, self.shape, self.bytes) = (name, dtype, shape, bytes)
  }

  /// Creates a tensor of numbers.
  ///
  /// - Parameters:
  ///   - name: without quotes or backslashes.
  ///   - shape: the extents.
  ///   - values: the numbers, row-major; rounded to the type.
  ///   - dtype: F64, F32, F16, BF16 or an integer type.
  public init(_ name: String, _ shape: [Int], _ values: [Double], dtype: DType = .float32) {
    self.init(name, dtype, shape, bytes: values.flatMap { dtype.encoded($0) })
  }

  /// Creates a tensor of numbers that differ from each other.
  ///
  /// - Parameters:
  ///   - name: without quotes or backslashes.
  ///   - shape: the extents.
  ///   - first: the first number; each other is 1 more than the one before.
  ///   - dtype: F64, F32, F16, BF16 or an integer type.
  public init(_ name: String, _ shape: [Int], from first: Double, dtype: DType = .float32) {
    let count = shape.reduce(1, *)
    self.init(name, shape, (0..<count).map { first + Double($0) }, dtype: dtype)
  }
}

extension StoredTensor {
  /// The tensor in another type.
  ///
  /// - Parameter dtype: F64, F32, F16, BF16 or an integer type.
  /// - Returns: the tensor, its elements converted by ``Tensors/DType/encoded(_:)``.
  public func converted(to dtype: DType) -> StoredTensor {
    let values = bytes.withUnsafeBytes { buffer in
      stride(from: 0, to: buffer.count, by: self.dtype.byteCount).map {
        self.dtype.value(in: buffer, at: $0)
      }
    }
    return StoredTensor(name, shape, values, dtype: dtype)
  }
}

extension DType {
  /// The bytes of a number, lowest first.
  ///
  /// - Parameter value: rounded to nearest in F64, F32 and F16; cut in BF16.
  /// - Returns: as many bytes as an element has.
  public func encoded(_ value: Double) -> [UInt8] {
    switch self {
    case .float64: littleEndian(value.bitPattern)
    case .float32: littleEndian(Float(value).bitPattern)
    case .float16: littleEndian(Float16(value).bitPattern)
    case .bfloat16: littleEndian(UInt16(Float(value).bitPattern >> 16))
    case .float8E4M3, .float8E5M2: preconditionFailure("give the bytes")
    case .uint64: littleEndian(UInt64(value))
    default: Array(littleEndian(Int64(value)).prefix(byteCount))
    }
  }
}

extension TemporaryFolder {
  /// Writes a safetensors file and opens it.
  ///
  /// - Parameters:
  ///   - name: the file's.
  ///   - tensors: in the order of the file.
  ///   - mode: how to read it.
  /// - Returns: the open checkpoint.
  /// - Throws: if it cannot be written or read.
  public func checkpoint(
    _ name: String, _ tensors: [StoredTensor], mode: InputMode = .mapped
  ) throws -> SafetensorsFile {
    let content = SafetensorsBytes.file(
      tensors.map { ($0.name, $0.dtype.rawValue, $0.shape, $0.bytes) })
    return try SafetensorsFile(write(content, to: name), mode: mode)
  }
}
