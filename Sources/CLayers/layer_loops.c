#include "layer_loops.h"

#include "instruction_tables.h"
#include "shapes.h"

const struct layer_loops *layer_loops_of_instruction_set(enum instruction_set set) {
  if (!processor_has(set)) return NULL;
  switch (set) {
    case INSTRUCTION_SET_BASELINE: return &layer_loops_baseline;
#if defined(__x86_64__)
    case INSTRUCTION_SET_AVX2: return &layer_loops_avx2;
    case INSTRUCTION_SET_AVX512: return &layer_loops_avx512;
    case INSTRUCTION_SET_AVX512_BF16: return &layer_loops_avx512_bf16;
#endif
    default: return NULL;
  }
}

size_t product_scratch(void) { return sizeof(struct product_block); }

size_t factor_scratch(void) { return sizeof(struct product_space); }

// Panels of keys and of values of one head.
static size_t panel_floats(size_t positions, size_t head_width) {
  return quotient_up(positions, PANEL) * PANEL * head_width +
         quotient_up(head_width, PANEL) * PANEL * positions;
}

size_t attention_scratch(size_t positions, size_t head_width) {
  size_t padded_positions = quotient_up(positions, PANEL) * PANEL;
  size_t padded_width = quotient_up(head_width, PANEL) * PANEL;
  size_t rows = MOST_TILE_ROWS * (ROW_STRIDE + padded_positions + padded_width);
  return (panel_floats(positions, head_width) + rows) * sizeof(float);
}

size_t attention_cache_size(size_t capacity, size_t heads, size_t head_width) {
  return heads * panel_floats(capacity, head_width);
}
