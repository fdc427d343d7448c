// Products of two matrices that both change from step to step, so that none is packed beforehand.

// A square of LANES rows that becomes its columns: to[i][j] = from[j][i].
INLINE void transpose_square(const float *from, size_t stride, float *to, size_t to_stride) {
  f32s square[LANES];
  UNROLLED for (int i = 0; i < LANES; i++) load(from + i * stride, &square[i]);
  UNROLLED for (int step = 1; step < LANES; step *= 2) {
    UNROLLED for (int i = 0; i < LANES; i++) {
      if (i & step) continue;
      exchange(&square[i], &square[i + step], step);
    }
  }
  UNROLLED for (int i = 0; i < LANES; i++) store(&square[i], to + i * to_stride);
}

// to[i][j] = from[j][i] for i < rows, j < columns.
static void transpose(const float *from, size_t stride, size_t rows, size_t columns, float *to,
                      size_t to_stride) {
  size_t whole_rows = rows / LANES * LANES, whole_columns = columns / LANES * LANES;
  for (size_t j = 0; j < whole_columns; j += LANES) {
    for (size_t i = 0; i < whole_rows; i += LANES) {
      transpose_square(from + j * stride + i, stride, to + i * to_stride + j, to_stride);
    }
  }
  for (size_t i = 0; i < rows; i++) {
    size_t first = i < whole_rows ? whole_columns : 0;
    for (size_t j = first; j < columns; j++) to[i * to_stride + j] = from[j * stride + i];
  }
}

// Elements [first_row + i][first_column + j] of a factor for i < rows, j < columns.
static void copy_part(const struct product_factor *factor, size_t first_row, size_t rows,
                      size_t first_column, size_t columns, float *to, size_t to_stride) {
  size_t stride = factor->stride;
  if (factor->is_transposed) {
    const float *from = factor->elements + first_column * stride + first_row;
    return transpose(from, stride, rows, columns, to, to_stride);
  }
  const float *from = factor->elements + first_row * stride + first_column;
  for (size_t i = 0; i < rows; i++) {
    memcpy(to + i * to_stride, from + i * stride, columns * sizeof(float));
  }
}

// Columns of b in panels; those that fill up the last are 0.
static void pack_factor(const struct product_factor *b, size_t step, size_t steps, size_t column,
                        size_t columns, uint32_t *panels) {
  for (size_t c = 0; c < columns; c += PANEL, panels += steps * PANEL) {
    size_t count = smaller(PANEL, columns - c);
    if (count < PANEL) memset(panels, 0, steps * PANEL * sizeof(float));
    copy_part(b, step, steps, column + c, count, (float *)panels, PANEL);
  }
}

// One panel's part of the sums of some rows; c may have fewer columns than the panel.
static void add_panel(struct product_space *space, size_t row_count, const uint32_t *panel,
                      size_t steps, bool is_first, const uint32_t *next, float *c, size_t stride,
                      size_t columns) {
  if (columns >= PANEL) {
    return panel_product_f32(space->rows, row_count, panel, steps, is_first, next, c, stride);
  }
  for (size_t r = 0; r < row_count; r++) {
    memcpy(space->edge + r * PANEL, c + r * stride, columns * sizeof(float));
  }
  panel_product_f32(space->rows, row_count, panel, steps, is_first, next, space->edge, PANEL);
  for (size_t r = 0; r < row_count; r++) {
    memcpy(c + r * stride, space->edge + r * PANEL, columns * sizeof(float));
  }
}

// Every sum runs over the steps in their order, however rows, columns and steps are parted.
static void product(struct product_factor a, struct product_factor b, size_t rows, size_t columns,
                    size_t inner, bool is_adding, float *c, size_t stride, void *scratch) {
  struct product_space *space = scratch;
  for (size_t step = 0; step < inner; step += DEPTH) {
    size_t steps = smaller(inner - step, DEPTH);
    bool is_first = step == 0 && !is_adding;
    for (size_t column = 0; column < columns; column += BLOCK_COLUMNS) {
      size_t width = smaller(columns - column, BLOCK_COLUMNS);
      pack_factor(&b, step, steps, column, width, space->panels);
      for (size_t row = 0; row < rows; row += BLOCK_ROWS) {
        size_t height = smaller(rows - row, BLOCK_ROWS);
        copy_part(&a, row, height, step, steps, (float *)space->rows, ROW_STRIDE);
        for (size_t i = 0; i < width; i += PANEL) {
          const uint32_t *panel = space->panels + i * steps;
          const uint32_t *next = i + PANEL < width ? panel + steps * PANEL : panel;
          add_panel(space, height, panel, steps, is_first, next, c + row * stride + column + i,
                    stride, width - i);
        }
      }
    }
  }
}
