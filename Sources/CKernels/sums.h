// Sums over a block, in LANES / GROUP passes: with all eight lanes in one, a processor with 16
// vector registers of four doubles would keep some sums in memory.

// Asked for this far ahead, memory is there in time: the processor's own fetching ahead starts anew
// where a second pass or a second loop has turned back.
enum { PASSES = LANES / GROUP, STEP_BYTES = 64, PREFETCH_BYTES = 4096 };

// GROUP of the eight lanes.
struct lane_sums {
  f64s squared, product, squared_a, squared_b, plain, largest_squared;
};

// A product of two floats is exact in binary64, so contracting it changes no bit. A product of
// doubles, or of a difference with itself, is not.
#define ADD_PRODUCT_CONTRACTED(sum, x, y)                                                    \
  do {                                                                                       \
    _Pragma("clang fp contract(fast)") sum = sum + x * y;                                    \
  } while (0)
#define ADD_PRODUCT_SEPARATELY(sum, x, y)                                                    \
  do {                                                                                       \
    _Pragma("clang fp contract(off)") sum = sum + x * y;                                     \
  } while (0)

#define SUM_OF_LANES(passes, member)                                                         \
  sum_of_lanes((const double *)&(passes)[0].member, (const double *)&(passes)[PASSES - 1].member)

// The lanes of all passes, from those of the first and the last.
INLINE double sum_of_lanes(const double *first, const double *last) {
  const double *v = first, *w = last + GROUP - LANES / 2;
  return ((v[0] + v[1]) + (v[2] + v[3])) + ((w[0] + w[1]) + (w[2] + w[3]));
}

INLINE double largest_lane(const struct lane_sums *passes) {
  f64s largest = passes[0].largest_squared;
  for (int pass = 1; pass < PASSES; pass++) {
    f64s next = passes[pass].largest_squared;
    largest = next > largest ? next : largest;
  }
  return __builtin_reduce_max(largest);
}

INLINE void store(struct difference_sums *out, const struct lane_sums *passes) {
  out->squared = SUM_OF_LANES(passes, squared);
  out->product = SUM_OF_LANES(passes, product);
  out->squared_a = SUM_OF_LANES(passes, squared_a);
  out->squared_b = SUM_OF_LANES(passes, squared_b);
  out->plain = SUM_OF_LANES(passes, plain);
  out->largest_squared = largest_lane(passes);
}

#define ACCUMULATE(ADD_PRODUCT, sums, x, y)                                                  \
  do {                                                                                       \
    f64s d = (x) - (y);                                                                      \
    f64s dd = d * d;                                                                         \
    {                                                                                        \
      _Pragma("clang fp contract(off)") sums.squared = sums.squared + dd;                    \
    }                                                                                        \
    sums.largest_squared = dd > sums.largest_squared ? dd : sums.largest_squared;            \
    sums.plain += d;                                                                         \
    ADD_PRODUCT(sums.product, (x), (y));                                                     \
    ADD_PRODUCT(sums.squared_a, (x), (x));                                                   \
    ADD_PRODUCT(sums.squared_b, (y), (y));                                                   \
  } while (0)

// Steps of 64 bytes. The last, partial one is padded with zeros, which change no sum and differ
// nowhere.
#define DEFINE_MEASURE(TYPE, WIDTH, ADD_PRODUCT)                                             \
  INLINE void add_step_##TYPE(const char *a, const char *b, size_t pass,                     \
                              struct lane_sums *sums, struct tally_##WIDTH *tally) {         \
    for (size_t i = pass * GROUP * WIDTH / 8; i < STEP_BYTES; i += LANES * WIDTH / 8) {      \
      f64s x, y;                                                                             \
      load_##TYPE(a + i, &x);                                                                \
      load_##TYPE(b + i, &y);                                                                \
      ACCUMULATE(ADD_PRODUCT, (*sums), x, y);                                                \
    }                                                                                        \
    if (pass > 0) return;                                                                    \
    for (size_t i = 0; i < STEP_BYTES; i += VECTOR_BYTES) tally_add_##WIDTH(a + i, b + i, tally); \
  }                                                                                          \
  static void measure_##TYPE(const void *a, const void *b, size_t count,                     \
                             struct difference_sums *sums, struct agreement_counts *counts) { \
    struct lane_sums passes[PASSES];                                                         \
    struct tally_##WIDTH tally = {0};                                                        \
    const char *pa = a, *pb = b;                                                             \
    size_t whole = count * (WIDTH / 8) / STEP_BYTES * STEP_BYTES;                            \
    char last_a[STEP_BYTES] = {0}, last_b[STEP_BYTES] = {0};                                 \
    memcpy(last_a, pa + whole, count * (WIDTH / 8) - whole);                                 \
    memcpy(last_b, pb + whole, count * (WIDTH / 8) - whole);                                 \
    for (size_t pass = 0; pass < PASSES; pass++) {                                           \
      struct lane_sums lanes = {0};                                                          \
      for (size_t i = 0; i < whole; i += STEP_BYTES) {                                       \
        if (pass == 0) __builtin_prefetch(pa + i + PREFETCH_BYTES);                          \
        if (pass == 0) __builtin_prefetch(pb + i + PREFETCH_BYTES);                          \
        add_step_##TYPE(pa + i, pb + i, pass, &lanes, &tally);                               \
      }                                                                                      \
      add_step_##TYPE(last_a, last_b, pass, &lanes, &tally);                                 \
      passes[pass] = lanes;                                                                  \
    }                                                                                        \
    store(sums, passes);                                                                     \
    tally_finish_##WIDTH(&tally, a, b, count, counts);                                       \
  }

DEFINE_MEASURE(f64, 64, ADD_PRODUCT_SEPARATELY)
DEFINE_MEASURE(f32, 32, ADD_PRODUCT_CONTRACTED)
DEFINE_MEASURE(f16, 16, ADD_PRODUCT_CONTRACTED)
DEFINE_MEASURE(bf16, 16, ADD_PRODUCT_CONTRACTED)
