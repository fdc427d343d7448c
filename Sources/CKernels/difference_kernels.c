#include "difference_kernels.h"

#include "instruction_sets.h"

const struct difference_loops *loops_of_instruction_set(enum instruction_set set) {
  if (!processor_has(set)) return NULL;
  switch (set) {
    case INSTRUCTION_SET_BASELINE: return &difference_loops_baseline;
#if defined(__x86_64__)
    case INSTRUCTION_SET_AVX2: return &difference_loops_avx2;
    case INSTRUCTION_SET_AVX512: return &difference_loops_avx512;
#endif
    default: return NULL;
  }
}
