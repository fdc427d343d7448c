// The shapes of blocks, the same for all instruction sets.
#ifndef SHAPES_H
#define SHAPES_H

#include <stddef.h>
#include <stdint.h>

enum {
  PANEL = 32,               // columns of weights that lie together
  DEPTH = 768,              // steps of a sum for which a block of rows is copied
  ROW_STRIDE = DEPTH + 16,  // an odd number of cache lines, so that rows do not collide in L1
  BLOCK_ROWS = 192,         // positions that share a panel before the next one
  BLOCK_COLUMNS = 768,      // columns whose sums are kept before they are finished
  MOST_TILE_ROWS = 12,      // BLOCK_ROWS is a multiple of every TILE_ROWS
};

// What a product computes in.
struct product_block {
  uint32_t rows[BLOCK_ROWS * ROW_STRIDE];   // part of the inputs of each position
  float sums[BLOCK_ROWS * BLOCK_COLUMNS];   // of each position
  float largest[BLOCK_ROWS];                // logit of each position so far
  float target[BLOCK_ROWS];                 // the logit of each position's target
  double total[BLOCK_ROWS];                 // sum of exp(logit - largest) so far
};

// What a product of two matrices that are not packed computes in.
struct product_space {
  uint32_t rows[BLOCK_ROWS * ROW_STRIDE];  // part of some rows of the first factor
  uint32_t panels[DEPTH * BLOCK_COLUMNS];  // part of some columns of the second
  float edge[BLOCK_ROWS * PANEL];          // sums of a panel that the result has no room for
};

static inline size_t smaller(size_t a, size_t b) { return a < b ? a : b; }
static inline size_t quotient_up(size_t a, size_t b) { return (a + b - 1) / b; }

#endif
