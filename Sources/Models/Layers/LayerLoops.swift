import CKernels
import CLayers

extension layer_loops {
  /// Those of each instruction set that this processor has, the best one last.
  static let available: [layer_loops] = [
    INSTRUCTION_SET_BASELINE, INSTRUCTION_SET_AVX2, INSTRUCTION_SET_AVX512,
    INSTRUCTION_SET_AVX512_BF16,
  ].compactMap { layer_loops_of_instruction_set($0)?.pointee }

  static let best = available[available.count - 1]

  /// The loops of products at a precision.
  subscript(precision: Precision) -> product_loops {
    switch precision {
    case .float32: f32
    case .bfloat16: bf16
    }
  }
}
