/// How one element of a tensor is encoded, named as safetensors names it.
///
/// Source: the safetensors format description, "Format", and `torch.dtype`.
public enum DType: String, CaseIterable, Hashable, Sendable {
  /// IEEE 754 binary64.
  case float64 = "F64"
  /// IEEE 754 binary32.
  case float32 = "F32"
  /// IEEE 754 binary16.
  case float16 = "F16"
  /// The upper half of a binary32: 8 exponent bits, 7 fraction bits.
  case bfloat16 = "BF16"
  /// 4 exponent bits, 3 fraction bits, no infinities (the "fn" variant of OCP FP8).
  case float8E4M3 = "F8_E4M3"
  /// 5 exponent bits, 2 fraction bits, IEEE-like (OCP FP8).
  case float8E5M2 = "F8_E5M2"
  /// Signed integers, two's complement.
  case int64 = "I64"
  case int32 = "I32"
  case int16 = "I16"
  case int8 = "I8"
  /// Unsigned integers.
  case uint64 = "U64"
  case uint32 = "U32"
  case uint16 = "U16"
  case uint8 = "U8"
  /// One byte, zero for false.
  case bool = "BOOL"

  /// Names that the safetensors format knows and this tool does not read: elements
  /// smaller than a byte, block scales, and complex numbers.
  public static let recognizedButUnsupported: Set<String> = [
    "F4", "F6_E2M3", "F6_E3M2", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ", "C64", "C128",
  ]

  /// Bytes of one element.
  public var byteCount: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .float8E4M3, .float8E5M2, .int8, .uint8, .bool: 1
    }
  }

  /// Whether elements have an exponent, and so NaN and rounding.
  public var isFloatingPoint: Bool {
    switch self {
    case .float64, .float32, .float16, .bfloat16, .float8E4M3, .float8E5M2: true
    default: false
    }
  }
}
