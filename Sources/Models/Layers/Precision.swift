import CKernels

/// How weights and products are held.
public enum Precision: String, CaseIterable, Sendable {
  /// binary32 throughout.
  case float32 = "f32"
  /// bfloat16 weights and inputs, rounded to the nearest, ties to even; sums in binary32.
  case bfloat16 = "bf16"

  /// Whether this processor multiplies at this precision with instructions of its own.
  ///
  /// Without them bfloat16 still gives right results, though slower than binary32 does.
  public var isSupported: Bool {
    switch self {
    case .float32: true
    case .bfloat16: processor_has(INSTRUCTION_SET_AVX512_BF16)
    }
  }
}
