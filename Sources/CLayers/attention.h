// Attention of one head after another, in tiles of TILE_ROWS queries.

// One head of a sequence, and what it is computed in; see attention_scratch.
struct head {
  size_t positions, head_width, stride;  // stride: floats from a position in qkv to the next
  const float *queries, *keys, *values;
  uint32_t *rows;      // [TILE_ROWS][ROW_STRIDE]: queries, then weights of values
  uint32_t *key_panels, *value_panels;
  float *scores;       // [TILE_ROWS][score_stride]
  float *sums;         // [TILE_ROWS][sum_stride]
  size_t score_stride, sum_stride;
};

// Keys as panels of positions: [panel][channel][position].
static void pack_keys(struct head *head) {
  for (size_t first = 0; first < head->positions; first += PANEL) {
    uint32_t *panel = head->key_panels + first * head->head_width;
    for (size_t p = 0; p < smaller(PANEL, head->positions - first); p++) {
      const float *key = head->keys + (first + p) * head->stride;
      for (size_t c = 0; c < head->head_width; c++) memcpy(panel + c * PANEL + p, key + c, 4);
    }
  }
}

// Values as panels of channels: [panel][position][channel].
static void pack_values(struct head *head) {
  for (size_t first = 0; first < head->head_width; first += PANEL) {
    uint32_t *panel = head->value_panels + first * head->positions;
    size_t count = smaller(PANEL, head->head_width - first);
    for (size_t p = 0; p < head->positions; p++) {
      memcpy(panel + p * PANEL, head->values + p * head->stride + first, count * 4);
    }
  }
}

// Adds values of the keys from `first` on to the sums of some rows; their weights are in `rows`.
static void add_values(const struct head *head, size_t row, size_t row_count, size_t first,
                       size_t count) {
  for (size_t channel = 0; channel < head->head_width; channel += PANEL) {
    const uint32_t *panel = head->value_panels + channel * head->positions + first * PANEL;
    panel_product_f32(head->rows, row_count, panel, count, first == 0, panel,
                      head->sums + row * head->sum_stride + channel, head->sum_stride);
  }
}

// Adds values of the first `reach` keys to the sums of all rows.
static void add_shared_values(const struct head *head, size_t row_count, size_t reach) {
  for (size_t first = 0; first < reach; first += DEPTH) {
    size_t count = smaller(DEPTH, reach - first);
    for (size_t r = 0; r < row_count; r++) {
      memcpy(head->rows + r * ROW_STRIDE, head->scores + r * head->score_stride + first, count * 4);
    }
    add_values(head, 0, row_count, first, count);
  }
}

// Adds values of keys after the first query's, row by row, so that none touches an earlier row.
static void add_later_values(const struct head *head, size_t row_count, size_t shared) {
  for (size_t r = 1; r < row_count; r++) {
    memcpy(head->rows, head->scores + r * head->score_stride + shared, r * 4);
    add_values(head, r, 1, shared, r);
  }
}

// Scores of a tile of queries with the first `reach` keys.
static void score(const struct head *head, size_t first, size_t row_count, size_t reach) {
  float scale = (float)(1 / sqrt((double)head->head_width));
  for (size_t r = 0; r < row_count; r++) {
    const float *query = head->queries + (first + r) * head->stride;
    for (size_t c = 0; c < head->head_width; c++) {
      float scaled = query[c] * scale;
      memcpy(head->rows + r * ROW_STRIDE + c, &scaled, 4);
    }
  }
  for (size_t key = 0; key < reach; key += PANEL) {
    const uint32_t *panel = head->key_panels + key * head->head_width;
    panel_product_f32(head->rows, row_count, panel, head->head_width, true, panel, head->scores + key,
                      head->score_stride);
  }
}

// Replaces scores by their exponentials, each row's relative to its largest.
static void exponentiate(const struct head *head, size_t first, size_t row_count, bool is_causal,
                         double *totals) {
  for (size_t r = 0; r < row_count; r++) {
    float *scores = head->scores + r * head->score_stride;
    size_t reach = is_causal ? first + r + 1 : head->positions;
    totals[r] = exponentials(scores, reach, largest_of(scores, reach), scores);
  }
}

// One tile of queries. Keys that all of them attend to are taken together.
static void attend_tile(const struct head *head, size_t first, size_t row_count, bool is_causal,
                        float *out, size_t out_stride) {
  double totals[TILE_ROWS];
  size_t shared = is_causal ? first + 1 : head->positions;
  score(head, first, row_count, is_causal ? first + row_count : head->positions);
  exponentiate(head, first, row_count, is_causal, totals);
  add_shared_values(head, row_count, shared);
  if (is_causal) add_later_values(head, row_count, shared);
  for (size_t r = 0; r < row_count; r++) {
    float scale = (float)(1 / totals[r]);
    for (size_t c = 0; c < head->head_width; c++) {
      out[(first + r) * out_stride + c] = head->sums[r * head->sum_stride + c] * scale;
    }
  }
}

// Divides the scratch; its size is in attention_scratch.
static struct head lay_out(size_t positions, size_t head_width, size_t stride, void *scratch) {
  struct head head = {.positions = positions, .head_width = head_width, .stride = stride};
  head.score_stride = quotient_up(positions, PANEL) * PANEL;
  head.sum_stride = quotient_up(head_width, PANEL) * PANEL;
  head.rows = scratch;
  head.key_panels = head.rows + TILE_ROWS * ROW_STRIDE;
  head.value_panels = head.key_panels + head.score_stride * head_width;
  head.scores = (float *)(head.value_panels + head.sum_stride * positions);
  head.sums = head.scores + TILE_ROWS * head.score_stride;
  return head;
}

static void attend(const float *qkv, size_t positions, size_t heads, size_t head_width,
                   bool is_causal, float *out, void *scratch) {
  size_t channels = heads * head_width;
  struct head head = lay_out(positions, head_width, 3 * channels, scratch);
  for (size_t channel = 0; channel < channels; channel += head_width) {
    head.queries = qkv + channel;
    head.keys = head.queries + channels;
    head.values = head.keys + channels;
    pack_keys(&head);
    pack_values(&head);
    for (size_t first = 0; first < positions; first += TILE_ROWS) {
      attend_tile(&head, first, smaller(TILE_ROWS, positions - first), is_causal, out + channel,
                  channels);
    }
  }
}
