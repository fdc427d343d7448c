// Attention of one head after another, in tiles of TILE_ROWS queries.

// One head of a sequence, and what it is computed in; see attention_scratch. Queries, keys and values
// are those of the positions from `origin` on.
struct head {
  size_t positions, head_width, stride;  // stride: floats from a position in qkv to the next
  size_t origin;
  const float *queries, *keys, *values;
  uint32_t *rows;      // [TILE_ROWS][ROW_STRIDE]: queries, then weights of values
  uint32_t *key_panels, *value_panels;
  float *scores;       // [TILE_ROWS][score_stride]
  float *sums;         // [TILE_ROWS][sum_stride]
  size_t score_stride, sum_stride;
};

// Keys as panels of positions: [panel][channel][position].
static void pack_keys(const struct head *head, size_t count) {
  for (size_t i = 0; i < count; i++) {
    size_t column = (head->origin + i) % PANEL, first = head->origin + i - column;
    uint32_t *panel = head->key_panels + first * head->head_width + column;
    const float *key = head->keys + i * head->stride;
    for (size_t c = 0; c < head->head_width; c++) memcpy(panel + c * PANEL, key + c, 4);
  }
}

// Values as panels of channels: [panel][position][channel].
static void pack_values(const struct head *head, size_t count) {
  for (size_t first = 0; first < head->head_width; first += PANEL) {
    uint32_t *panel = head->value_panels + first * head->positions + head->origin * PANEL;
    size_t channels = smaller(PANEL, head->head_width - first);
    for (size_t i = 0; i < count; i++) {
      memcpy(panel + i * PANEL, head->values + i * head->stride + first, channels * 4);
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
    const float *query = head->queries + (first - head->origin + r) * head->stride;
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
      out[(first - head->origin + r) * out_stride + c] = head->sums[r * head->sum_stride + c] * scale;
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

// Packs `count` positions from the head's origin on, and attends from them.
static void attend_head(const struct head *head, size_t count, bool is_causal, float *out,
                        size_t out_stride) {
  pack_keys(head, count);
  pack_values(head, count);
  for (size_t i = 0; i < count; i += TILE_ROWS) {
    attend_tile(head, head->origin + i, smaller(TILE_ROWS, count - i), is_causal, out, out_stride);
  }
}

static void attend(const float *qkv, size_t positions, size_t heads, size_t head_width,
                   bool is_causal, float *out, void *scratch) {
  size_t channels = heads * head_width;
  struct head head = lay_out(positions, head_width, 3 * channels, scratch);
  for (size_t channel = 0; channel < channels; channel += head_width) {
    head.queries = qkv + channel;
    head.keys = head.queries + channels;
    head.values = head.keys + channels;
    attend_head(&head, positions, is_causal, out + channel, channels);
  }
}

// The panels of each head follow those of the one before: of keys, then of values.
static void attend_onward(const float *qkv, size_t first, size_t count, size_t capacity, size_t heads,
                          size_t head_width, float *cache, float *out, void *scratch) {
  size_t channels = heads * head_width;
  struct head head = lay_out(capacity, head_width, 3 * channels, scratch);
  size_t key_size = head.score_stride * head_width, value_size = head.sum_stride * capacity;
  head.origin = first;
  head.key_panels = (uint32_t *)cache;
  for (size_t channel = 0; channel < channels; channel += head_width) {
    head.queries = qkv + channel;
    head.keys = head.queries + channels;
    head.values = head.keys + channels;
    head.value_panels = head.key_panels + key_size;
    attend_head(&head, count, true, out + channel, channels);
    head.key_panels = head.value_panels + value_size;
  }
}
