// What a processor can do that loops are compiled for.
#ifndef INSTRUCTION_SET_H
#define INSTRUCTION_SET_H

#include <stdbool.h>

enum instruction_set {
  INSTRUCTION_SET_BASELINE,    // any processor of the architecture
  INSTRUCTION_SET_AVX2,        // x86-64-v3
  INSTRUCTION_SET_AVX512,      // x86-64-v4
  INSTRUCTION_SET_AVX512_BF16  // x86-64-v4 with sums of products of bfloat16
};

// Whether this processor has an instruction set.
bool processor_has(enum instruction_set set);

#endif
