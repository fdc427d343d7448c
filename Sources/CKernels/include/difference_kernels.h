// Sums and counts over one block of two arrays: the loops that norms spend their time in.
//
// In C because each is compiled for three instruction sets and chosen when the program starts
// (`target_clones`), which Swift cannot do, and because two of them depend on where the compiler
// may contract a product and a sum. DifferenceOracle.swift is their plain twin, bit for bit.
#ifndef DIFFERENCE_KERNELS_H
#define DIFFERENCE_KERNELS_H

#include <stddef.h>
#include <stdint.h>

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

// Any alignment. A sum of squares is not finite if an element is not.
void difference_sums_f32(const void *a, const void *b, size_t count, struct difference_sums *out);
void difference_sums_f64(const void *a, const void *b, size_t count, struct difference_sums *out);
void difference_sums_f16(const void *a, const void *b, size_t count, struct difference_sums *out);
void difference_sums_bf16(const void *a, const void *b, size_t count, struct difference_sums *out);

// The position of the first element with d * d == squared; `count` if there is none.
size_t position_of_difference_f32(const void *a, const void *b, size_t count, double squared);
size_t position_of_difference_f64(const void *a, const void *b, size_t count, double squared);
size_t position_of_difference_f16(const void *a, const void *b, size_t count, double squared);
size_t position_of_difference_bf16(const void *a, const void *b, size_t count, double squared);

void agreement_counts_f32(const void *a, const void *b, size_t count, struct agreement_counts *out);
void agreement_counts_f64(const void *a, const void *b, size_t count, struct agreement_counts *out);
void agreement_counts_f16(const void *a, const void *b, size_t count, struct agreement_counts *out);
void agreement_counts_bf16(const void *a, const void *b, size_t count,
                           struct agreement_counts *out);

#endif
