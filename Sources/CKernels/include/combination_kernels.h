// Weighted sums of arrays, rounded once: the loops that mixing checkpoints spends its time in.
//
// In C for the same reason as the loops of differences. CombinationOracle.swift is their plain
// twin, bit for bit.
#ifndef COMBINATION_KERNELS_H
#define COMBINATION_KERNELS_H

#include "difference_kernels.h"

// What rounding made of sums, each against the anchor, the value it would be without a change.
struct rounding_counts {
  uint64_t changed;    // the sum is not the anchor: farther than 2^-48 of it, which sums may err
  uint64_t swallowed;  // changed, and yet the rounded sum is what the anchor rounds to
  uint64_t nonfinite;  // rounded sums that are NaN or infinite
};

#pragma clang assume_nonnull begin

// The loops for one element type. Any alignment; null is an array of no elements.
struct combination_kernels {
  // values[i] = from[i], widened, and sums[i] = coefficient * from[i]. The two may be one array if
  // the coefficient is 1.
  void (*begin)(const void *_Nullable from, size_t count, double coefficient,
                double *_Nullable values, double *_Nullable sums);

  // sums[i] = sums[i] + coefficient * from[i], product and sum each rounded to binary64.
  void (*add)(const void *_Nullable from, size_t count, double coefficient,
              double *_Nullable sums);

  // to[i] = sums[i], rounded to the nearest element, ties to even; NaN to the positive quiet NaN
  // without payload. `kept` are the anchors after such a rounding. Counts are overwritten.
  void (*round)(const double *_Nullable sums, const double *_Nullable anchors,
                const double *_Nullable kept, size_t count, void *_Nullable to,
                struct rounding_counts *counts);
};

// The loops of one instruction set.
struct combination_loops {
  struct combination_kernels f64, f32, f16, bf16;
};

// The loops of an instruction set, or null if this processor lacks it.
const struct combination_loops *_Nullable combination_loops_of_instruction_set(
    enum instruction_set set);

#pragma clang assume_nonnull end

#endif
