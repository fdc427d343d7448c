#include "combination_kernels.h"

#include "instruction_sets.h"

const struct combination_loops *combination_loops_of_instruction_set(enum instruction_set set) {
  if (!loops_of_instruction_set(set)) return NULL;
  switch (set) {
    case INSTRUCTION_SET_BASELINE: return &combination_loops_baseline;
#if defined(__x86_64__)
    case INSTRUCTION_SET_AVX2: return &combination_loops_avx2;
    case INSTRUCTION_SET_AVX512: return &combination_loops_avx512;
#endif
    default: return NULL;
  }
}
