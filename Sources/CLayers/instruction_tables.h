// What the files of this module share: tables of loops for each instruction set.
#ifndef INSTRUCTION_TABLES_H
#define INSTRUCTION_TABLES_H

#include "layer_loops.h"

extern const struct layer_loops layer_loops_baseline;

#if defined(__x86_64__)
extern const struct layer_loops layer_loops_avx2;
extern const struct layer_loops layer_loops_avx512;
extern const struct layer_loops layer_loops_avx512_bf16;
#endif

#endif
