// Products of blocks at one precision, and the layers made of them. The file that includes this
// defines NAME(x): x with the precision's suffix, of which precisions.h has three functions.

// sums[r][c] (+)= sum over steps of rows[r][step] * panel[step][c], in the order of the steps for
// any number of rows. The prefetch spreads the next panel over the tiles of this one.
INLINE void NAME(tile)(const uint32_t *rows, const uint32_t *panel, size_t steps, bool is_first,
                       const uint32_t *next, float *sums, size_t stride, const int row_count) {
  f32s held[TILE_ROWS][2];
  UNROLLED for (int r = 0; r < row_count; r++) {
    UNROLLED for (int v = 0; v < 2; v++) {
      if (is_first) held[r][v] = 0;
      else load(sums + r * stride + v * LANES, &held[r][v]);
    }
  }
  for (size_t step = 0; step < steps; step++) {
    if (step % 8 == 0) __builtin_prefetch(next + step * 2, 0, 2);
    u32s columns[2];
    memcpy(columns, panel + step * PANEL, sizeof columns);
    UNROLLED for (int r = 0; r < row_count; r++) {
      u32s input = rows[r * ROW_STRIDE + step];
      NAME(multiply_add)(&input, &columns[0], &held[r][0]);
      NAME(multiply_add)(&input, &columns[1], &held[r][1]);
    }
  }
  UNROLLED for (int r = 0; r < row_count; r++) {
    UNROLLED for (int v = 0; v < 2; v++) store(&held[r][v], sums + r * stride + v * LANES);
  }
}

#define CASE(ROWS) \
  case ROWS: return NAME(tile)(rows, panel, steps, is_first, next, sums, stride, ROWS);

static void NAME(any_tile)(const uint32_t *rows, const uint32_t *panel, size_t steps,
                           bool is_first, const uint32_t *next, float *sums, size_t stride,
                           size_t row_count) {
  switch (row_count) {
    CASE(1) CASE(2) CASE(3) CASE(4)
#if TILE_ROWS >= 6
    CASE(5) CASE(6)
#endif
#if TILE_ROWS >= 12
    CASE(7) CASE(8) CASE(9) CASE(10) CASE(11) CASE(12)
#endif
  }
}
#undef CASE

// The columns of one panel for all rows of a block, in tiles of nearly the same height.
static void NAME(panel_product)(const uint32_t *rows, size_t row_count, const uint32_t *panel,
                                size_t steps, bool is_first, const uint32_t *next, float *sums,
                                size_t stride) {
  size_t tiles = quotient_up(row_count, TILE_ROWS);
  for (size_t column = 0; column < PANEL; column += TILE_COLUMNS) {
    for (size_t tile = 0, row = 0, count; tile < tiles; tile++, row += count) {
      count = (row_count - row) / (tiles - tile);
      NAME(any_tile)(rows + row * ROW_STRIDE, panel + column, steps, is_first,
                     next + tile * steps * 2, sums + row * stride + column, stride, count);
    }
  }
}

// The sums of a block of rows and some columns from a multiple of PANEL on, part by part of the
// inputs: how they are parted changes no bit.
static void NAME(block_product)(const float *x, size_t row_count, const struct packed_weights *w,
                                size_t column, size_t columns, struct product_block *block) {
  size_t all_steps = NAME(steps_of)(w->inputs), parts = quotient_up(all_steps, DEPTH);
  for (size_t part = 0, first = 0, steps; part < parts; part++, first += steps) {
    steps = (all_steps - first) / (parts - part);
    for (size_t r = 0; r < row_count; r++) {
      NAME(copy_row)(x + r * w->inputs, w->inputs, first, steps, block->rows + r * ROW_STRIDE);
    }
    const uint32_t *panel = (const uint32_t *)w->panels + column * all_steps + first * PANEL;
    for (size_t c = 0; c < columns; c += PANEL, panel += all_steps * PANEL) {
      NAME(panel_product)(block->rows, row_count, panel, steps, part == 0,
                          panel + all_steps * PANEL, block->sums + c, BLOCK_COLUMNS);
    }
  }
}

INLINE void NAME(finish_row)(const float *sums, const float *bias, bool is_adding, size_t count,
                             float *y) {
  for (size_t c = 0; c < count; c++) {
    float value = bias ? sums[c] + bias[c] : sums[c];
    y[c] = is_adding ? y[c] + value : value;
  }
}

static void NAME(multiply)(const float *x, size_t positions, struct packed_weights w,
                           const float *bias, bool is_adding, float *y, void *scratch) {
  struct product_block *block = scratch;
  for (size_t first = 0; first < positions; first += BLOCK_ROWS) {
    size_t row_count = smaller(positions - first, BLOCK_ROWS);
    for (size_t column = 0; column < w.outputs; column += BLOCK_COLUMNS) {
      size_t columns = smaller(w.outputs - column, BLOCK_COLUMNS);
      NAME(block_product)(x + first * w.inputs, row_count, &w, column, columns, block);
      for (size_t r = 0; r < row_count; r++) {
        NAME(finish_row)(block->sums + r * BLOCK_COLUMNS, bias ? bias + column : NULL, is_adding,
                         columns, y + (first + r) * w.outputs + column);
      }
    }
  }
}

// Takes a row of logits, those of the words from `first` on, into the row's sum of exponentials,
// which are kept relative to the largest logit so far.
static void NAME(take_logits)(float *logits, size_t row, size_t first, size_t count, size_t target,
                              struct product_block *block) {
  float before = block->largest[row], largest = largest_of(logits, count);
  largest = largest > before ? largest : before;
  block->total[row] *= exp((double)before - largest);
  block->total[row] += exponentials(logits, count, largest, NULL);
  block->largest[row] = largest;
  if (target - first < count) block->target[row] = logits[target - first];
}

static void NAME(block_likelihoods)(const float *x, size_t row_count,
                                    const struct packed_weights *w, const float *bias,
                                    const int32_t *targets, float *nll,
                                    struct product_block *block) {
  for (size_t r = 0; r < row_count; r++) {
    block->largest[r] = -FLT_MAX;
    block->total[r] = 0;
    block->target[r] = NAN;
  }
  for (size_t column = 0; column < w->outputs; column += BLOCK_COLUMNS) {
    size_t columns = smaller(w->outputs - column, BLOCK_COLUMNS);
    NAME(block_product)(x, row_count, w, column, columns, block);
    for (size_t r = 0; r < row_count; r++) {
      float *logits = block->sums + r * BLOCK_COLUMNS;
      if (bias) NAME(finish_row)(logits, bias + column, false, columns, logits);
      NAME(take_logits)(logits, r, column, columns, (size_t)targets[r], block);
    }
  }
  for (size_t r = 0; r < row_count; r++) {
    nll[r] = (float)(log(block->total[r]) + ((double)block->largest[r] - block->target[r]));
  }
}

static void NAME(likelihoods)(const float *x, size_t positions, struct packed_weights w,
                              const float *bias, const int32_t *targets, float *nll,
                              void *scratch) {
  for (size_t first = 0; first < positions; first += BLOCK_ROWS) {
    NAME(block_likelihoods)(x + first * w.inputs, smaller(positions - first, BLOCK_ROWS), &w, bias,
                            targets + first, nll + first, scratch);
  }
}
