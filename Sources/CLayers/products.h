// Products of two matrices that both change from step to step, so that none is packed beforehand. The
// file that includes this defines NAME(x), as for tiles.h.

// Lines and steps change places: to[step][line] where inputs lie along lines, else to[line][step].
// Squares are read and written as vectors; what is left over, step by step.
static void NAME(transpose)(const struct lines *from, size_t line, size_t lines, size_t step,
                            size_t steps, uint32_t *to, size_t stride) {
  size_t line_stride = from->are_along ? 1 : stride, step_stride = from->are_along ? stride : 1;
  size_t whole_lines = lines / LANES * LANES;
  size_t whole_steps =
      smaller(steps, from->inputs / NAME(inputs_of_step) - step) / LANES * LANES;
  for (size_t l = 0; l < whole_lines; l += LANES) {
    for (size_t s = 0; s < whole_steps; s += LANES) {
      f32s square[LANES];
      UNROLLED for (int i = 0; i < LANES; i++) {
        if (from->are_along) NAME(load_steps)(from, line + l + i, step + s, &square[i]);
        else NAME(load_step)(from, line + l, LANES, step + s + i, &square[i]);
      }
      transpose_square(square);
      uint32_t *corner = to + l * line_stride + s * step_stride;
      UNROLLED for (int i = 0; i < LANES; i++) store(&square[i], (float *)(corner + i * stride));
    }
  }
  for (size_t l = 0; l < lines; l++) {
    for (size_t s = l < whole_lines ? whole_steps : 0; s < steps; s++) {
      f32s found;
      NAME(load_step)(from, line + l, 1, step + s, &found);
      memcpy(to + l * line_stride + s * step_stride, &found, sizeof *to);
    }
  }
}

// Some rows of the first factor: block[row][step].
static void NAME(copy_rows)(const struct lines *a, size_t row, size_t rows, size_t step,
                            size_t steps, uint32_t *block) {
  if (!a->are_along) return NAME(transpose)(a, row, rows, step, steps, block, ROW_STRIDE);
  for (size_t r = 0; r < rows; r++) {
    NAME(copy_row)(input_of(a, row + r, 0), a->inputs, step, steps, block + r * ROW_STRIDE);
  }
}

// Some columns of the second factor, in panels; those that fill up the last are 0.
static void NAME(pack_columns)(const struct lines *b, size_t column, size_t columns, size_t step,
                               size_t steps, uint32_t *panels) {
  for (size_t c = 0; c < columns; c += PANEL, panels += steps * PANEL) {
    size_t count = smaller(PANEL, columns - c);
    if (count < PANEL) memset(panels, 0, steps * PANEL * sizeof *panels);
    if (b->are_along) {
      NAME(transpose)(b, column + c, count, step, steps, panels, PANEL);
      continue;
    }
    for (size_t s = 0; s < steps; s++) {
      for (size_t i = 0; i < count; i += LANES) {
        f32s found;
        NAME(load_step)(b, column + c + i, count - i, step + s, &found);
        store(&found, (float *)(panels + s * PANEL + i));
      }
    }
  }
}

// One panel's part of the sums of some rows; c may have fewer columns than the panel.
static void NAME(add_panel)(struct product_space *space, size_t row_count, const uint32_t *panel,
                            size_t steps, bool is_first, const uint32_t *next, float *c,
                            size_t stride, size_t columns) {
  if (columns >= PANEL) {
    return NAME(panel_product)(space->rows, row_count, panel, steps, is_first, next, c, stride);
  }
  for (size_t r = 0; r < row_count; r++) {
    memcpy(space->edge + r * PANEL, c + r * stride, columns * sizeof(float));
  }
  NAME(panel_product)(space->rows, row_count, panel, steps, is_first, next, space->edge, PANEL);
  for (size_t r = 0; r < row_count; r++) {
    memcpy(c + r * stride, space->edge + r * PANEL, columns * sizeof(float));
  }
}

// The sums of some steps for all rows and the columns that are in panels.
static void NAME(add_columns)(const struct lines *a, size_t rows, size_t columns, size_t step,
                              size_t steps, bool is_first, float *c, size_t stride,
                              struct product_space *space) {
  for (size_t row = 0; row < rows; row += BLOCK_ROWS) {
    size_t height = smaller(rows - row, BLOCK_ROWS);
    NAME(copy_rows)(a, row, height, step, steps, space->rows);
    for (size_t i = 0; i < columns; i += PANEL) {
      const uint32_t *panel = space->panels + i * steps;
      const uint32_t *next = i + PANEL < columns ? panel + steps * PANEL : panel;
      NAME(add_panel)(space, height, panel, steps, is_first, next, c + row * stride + i, stride,
                      columns - i);
    }
  }
}

// Every sum runs over the steps in their order, however rows, columns and steps are parted.
static void NAME(product)(struct product_factor a, struct product_factor b, size_t rows,
                          size_t columns, size_t inner, bool is_adding, float *c, size_t stride,
                          void *scratch) {
  struct product_space *space = scratch;
  struct lines a_rows = {a.elements, a.stride, inner, !a.is_transposed};
  struct lines b_columns = {b.elements, b.stride, inner, b.is_transposed};
  size_t all_steps = NAME(steps_of)(inner);
  for (size_t step = 0; step < all_steps; step += DEPTH) {
    size_t steps = smaller(all_steps - step, DEPTH);
    size_t widest = DEPTH * BLOCK_COLUMNS / steps / PANEL * PANEL;  // that there is room for
    for (size_t column = 0, width; column < columns; column += width) {
      width = smaller(columns - column, widest);
      NAME(pack_columns)(&b_columns, column, width, step, steps, space->panels);
      NAME(add_columns)(&a_rows, rows, width, step, steps, step == 0 && !is_adding, c + column,
                        stride, space);
    }
  }
}
