#include "instruction_set.h"

bool processor_has(enum instruction_set set) {
  switch (set) {
    case INSTRUCTION_SET_BASELINE: return true;
#if defined(__x86_64__)
    case INSTRUCTION_SET_AVX2: return __builtin_cpu_supports("x86-64-v3");
    case INSTRUCTION_SET_AVX512: return __builtin_cpu_supports("x86-64-v4");
    case INSTRUCTION_SET_AVX512_BF16:
      return __builtin_cpu_supports("x86-64-v4") && __builtin_cpu_supports("avx512bf16");
#endif
    default: return false;
  }
}
