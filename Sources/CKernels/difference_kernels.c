#include "difference_kernels.h"

#include "instruction_sets.h"

const struct difference_loops *loops_of_instruction_set(enum instruction_set set) {
  switch (set) {
    case INSTRUCTION_SET_BASELINE: return &difference_loops_baseline;
#if defined(__x86_64__)
    case INSTRUCTION_SET_AVX2:
      return __builtin_cpu_supports("x86-64-v3") ? &difference_loops_avx2 : NULL;
    case INSTRUCTION_SET_AVX512:
      return __builtin_cpu_supports("x86-64-v4") ? &difference_loops_avx512 : NULL;
#endif
    default: return NULL;
  }
}
