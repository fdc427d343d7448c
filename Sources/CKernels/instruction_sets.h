// What the files of this module share: tables of loops for each instruction set.
#ifndef INSTRUCTION_SETS_H
#define INSTRUCTION_SETS_H

#include "combination_kernels.h"
#include "difference_kernels.h"

extern const struct difference_loops difference_loops_baseline;
extern const struct combination_loops combination_loops_baseline;

#if defined(__x86_64__)
extern const struct difference_loops difference_loops_avx2;    // x86-64-v3
extern const struct difference_loops difference_loops_avx512;  // x86-64-v4
extern const struct combination_loops combination_loops_avx2;
extern const struct combination_loops combination_loops_avx512;
#endif

#endif
