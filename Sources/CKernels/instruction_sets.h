// What the files of this module share: one table of loops for each instruction set.
#ifndef INSTRUCTION_SETS_H
#define INSTRUCTION_SETS_H

#include "difference_kernels.h"

extern const struct difference_loops difference_loops_baseline;

#if defined(__x86_64__)
extern const struct difference_loops difference_loops_avx2;    // x86-64-v3
extern const struct difference_loops difference_loops_avx512;  // x86-64-v4
#endif

#endif
