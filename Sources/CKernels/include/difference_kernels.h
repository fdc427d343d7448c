// Sums and counts over one block of two arrays: the loops that norms spend their time in.
//
// In C because each is compiled for three instruction sets and chosen when the program runs,
// which Swift cannot do, and because two of them depend on where the compiler may contract a
// product and a sum. DifferenceOracle.swift is their plain twin, bit for bit.
#ifndef DIFFERENCE_KERNELS_H
#define DIFFERENCE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "instruction_set.h"

// Sums of products of a and b and of their difference d = a - b, each in binary64.
//
// Lane k of 8 sums the elements whose position is k modulo 8, in order; the lanes are then added
// as ((0+1)+(2+3))+((4+5)+(6+7)). So the bits depend on neither instruction set nor alignment.
struct difference_sums {
  double squared;    // d * d
  double product;    // a * b
  double squared_a;  // a * a
  double squared_b;  // b * b
  double plain;      // d
  double largest_squared;  // greatest d * d; of adjacent |d| the squares differ, so it finds them
};

// How many elements are alike, if all are finite.
struct agreement_counts {
  uint64_t identical;   // the same bits
  uint64_t equal;       // the same value: +0 equals -0
  uint64_t neighbours;  // the same or adjacent values of the type
};

// What one input of a mixture has to do with an element m of it.
struct mixture_term {
  double weight;      // of its row in m
  double input;       // of half the spacing around the input, among what m may be off
  double difference;  // of half the spacing around its row, among that
  double error;       // of the magnitude of its row, among that
};

// How m is rounded. The row of the input at `origin` holds its elements, all others, that of m too,
// what they have beyond those.
struct mixture_unit {
  double half;          // half the spacing around 1
  double least_binade;  // of normal numbers
  size_t origin;
};

// What is left of the elements of a mixture.
struct mixture_rest {
  double square;  // the sum of r * r, in lanes as above
  uint64_t far;   // elements with |r| beyond half the spacing around m and what the terms add
};

#pragma clang assume_nonnull begin

// The loops for two arrays of one element type. Any alignment; null is an array of no elements.
struct difference_kernels {
  // `count` is at most 2^14. A sum of squares is not finite if an element is not.
  void (*measure)(const void *_Nullable a, const void *_Nullable b, size_t count,
                  struct difference_sums *sums, struct agreement_counts *counts);

  // The position of the first element with d * d == squared; `count` if there is none.
  size_t (*position)(const void *_Nullable a, const void *_Nullable b, size_t count,
                     double squared);

  // The values in binary64, which is exact.
  void (*widen)(const void *_Nullable from, size_t count, double *_Nullable to);
};

// The loops of one instruction set.
struct difference_loops {
  struct difference_kernels f64, f32, f16, bf16;

  // Counts for arrays of different types, widened. Neighbours differ by at most the spacing of
  // the coarser type at the smaller magnitude m: 2^floor(log2 m) times `ulp_of_one`, and no less
  // than `least_spacing`. None is identical.
  void (*mixed_counts)(const double *_Nullable a, const double *_Nullable b, size_t count,
                       double ulp_of_one, double least_spacing, struct agreement_counts *out);

  // For each pair of rows, the sum of x * y and that of (x - y) * (x - y), in lanes as above, no
  // product contracted with a sum. Rows are `stride` doubles apart; `count` is a multiple of 8 and
  // at most 2^14, rows being filled up with zeros. Both results are packed: (0, 0), (0, 1), ...
  // (1, 1), (1, 2), ....
  void (*gram)(const double *rows, size_t row_count, size_t stride, size_t count,
               double *products, double *squares);

  // The sum of max(2^floor(log2 |x|), least)^2, in lanes as above; 2^floor(log2 |x|) is 0 below
  // the normal numbers and infinite for what is not finite. `used` are the fraction bits that any
  // value has set. RoundingFloor.swift has the plain twin.
  double (*squared_binades)(const double *_Nullable values, size_t count, double least,
                            uint64_t *used);

  // r is the last of term_count + 1 rows without the weighted others, none of it contracted. Rows as
  // for `gram`. MixtureTrial has the plain twin.
  void (*mixture)(const double *rows, size_t stride, size_t count,
                  const struct mixture_term *terms, size_t term_count,
                  const struct mixture_unit *unit, struct mixture_rest *rest);
};

// The loops of an instruction set, or null if this processor lacks it or there are none for it.
const struct difference_loops *_Nullable loops_of_instruction_set(enum instruction_set set);

#pragma clang assume_nonnull end

#endif
