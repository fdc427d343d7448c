// All loops of one instruction set. Its file defines
//   GROUP: doubles in a vector, 4 or 8
//   TABLE, COMBINATION_TABLE: the tables of loops to define
//   TARGET: attributes that select the instruction set; none for the compiler's default.
#include <stdbool.h>
#include <string.h>

#include "instruction_sets.h"

#if GROUP == 8
#include <immintrin.h>
#endif

#ifdef TARGET
#pragma clang attribute push(__attribute__((TARGET)), apply_to = function)
#endif

#include "vectors.h"
#include "counts.h"
#include "sums.h"
#include "position.h"
#include "combinations.h"
#include "gram.h"
#include "binades.h"
#include "mixtures.h"

#define KERNELS(TYPE) {.measure = measure_##TYPE, .position = position_##TYPE, .widen = widen_##TYPE}

const struct difference_loops TABLE = {
    .f64 = KERNELS(f64),
    .f32 = KERNELS(f32),
    .f16 = KERNELS(f16),
    .bf16 = KERNELS(bf16),
    .mixed_counts = mixed_counts,
    .gram = gram,
    .squared_binades = squared_binades,
    .mixture = mixture,
};

#define COMBINATION_KERNELS(TYPE) {.begin = begin_##TYPE, .add = add_##TYPE, .round = round_##TYPE}

const struct combination_loops COMBINATION_TABLE = {
    .f64 = COMBINATION_KERNELS(f64),
    .f32 = COMBINATION_KERNELS(f32),
    .f16 = COMBINATION_KERNELS(f16),
    .bf16 = COMBINATION_KERNELS(bf16),
};

#ifdef TARGET
#pragma clang attribute pop
#endif
