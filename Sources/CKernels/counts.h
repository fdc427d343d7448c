// Counts of agreement over a block, from distances in steps from one value of the type to the next.

// Of one sign, the bits taken as integers tell how far two values are apart. Of different signs,
// their magnitudes' sum does; that matters only around zero, and their bits are then 2^(WIDTH-1)
// or one more or less apart. Where that occurs, as it does for x and -x too, a second loop looks.
//
// Counts are sums of min(distance, 1) and min(distance, 2), which padding with zeros leaves as
// they are, and which need no masks.
#define DEFINE_TALLY(WIDTH)                                                                  \
  typedef int##WIDTH##_t signed_##WIDTH                                                      \
      __attribute__((ext_vector_type(VECTOR_BYTES * 8 / WIDTH)));                            \
  typedef uint##WIDTH##_t bits_##WIDTH                                                       \
      __attribute__((ext_vector_type(VECTOR_BYTES * 8 / WIDTH)));                            \
  struct tally_##WIDTH {                                                                     \
    bits_##WIDTH up_to_1, up_to_2, farthest;                                                 \
  };                                                                                         \
  INLINE void tally_distance_##WIDTH(const bits_##WIDTH *apart, struct tally_##WIDTH *tally) { \
    tally->up_to_1 += __builtin_elementwise_min(*apart, (bits_##WIDTH)1);                    \
    tally->up_to_2 += __builtin_elementwise_min(*apart, (bits_##WIDTH)2);                    \
  }                                                                                          \
  INLINE void tally_add_##WIDTH(const void *a, const void *b, struct tally_##WIDTH *tally) { \
    signed_##WIDTH x, y;                                                                     \
    memcpy(&x, a, sizeof x);                                                                 \
    memcpy(&y, b, sizeof y);                                                                 \
    bits_##WIDTH apart = (bits_##WIDTH)__builtin_elementwise_abs(x - y);                     \
    tally_distance_##WIDTH(&apart, tally);                                                   \
    tally->farthest = __builtin_elementwise_max(tally->farthest, apart);                     \
  }                                                                                          \
  INLINE void tally_add_opposites_##WIDTH(const void *a, const void *b,                      \
                                          struct tally_##WIDTH *tally) {                     \
    const bits_##WIDTH sign = (bits_##WIDTH)1 << (WIDTH - 1);                                \
    bits_##WIDTH x, y;                                                                       \
    memcpy(&x, a, sizeof x);                                                                 \
    memcpy(&y, b, sizeof y);                                                                 \
    bits_##WIDTH apart = ((x & ~sign) + (y & ~sign)) | (~(x ^ y) & sign);                    \
    tally_distance_##WIDTH(&apart, tally);                                                   \
  }                                                                                          \
  static void count_opposites_##WIDTH(const char *a, const char *b, size_t bytes,            \
                                      struct agreement_counts *out) {                        \
    struct tally_##WIDTH tally = {0};                                                        \
    size_t done = 0;                                                                         \
    for (; done + VECTOR_BYTES <= bytes; done += VECTOR_BYTES) {                             \
      tally_add_opposites_##WIDTH(a + done, b + done, &tally);                               \
    }                                                                                        \
    char last_a[VECTOR_BYTES] = {0}, last_b[VECTOR_BYTES] = {0};                             \
    memcpy(last_a, a + done, bytes - done);                                                  \
    memcpy(last_b, b + done, bytes - done);                                                  \
    tally_add_opposites_##WIDTH(last_a, last_b, &tally);                                     \
    uint64_t count = (done + VECTOR_BYTES) / (WIDTH / 8);                                    \
    uint64_t different = __builtin_reduce_add(tally.up_to_1);                                \
    out->equal += count - different;                                                         \
    out->neighbours += count - (__builtin_reduce_add(tally.up_to_2) - different);            \
  }                                                                                          \
  INLINE void tally_finish_##WIDTH(const struct tally_##WIDTH *tally, const void *a,         \
                                   const void *b, size_t count,                              \
                                   struct agreement_counts *out) {                           \
    uint64_t different = __builtin_reduce_add(tally->up_to_1);                               \
    uint64_t identical = count - different;                                                  \
    uint64_t neighbours = count - (__builtin_reduce_add(tally->up_to_2) - different);        \
    *out = (struct agreement_counts){identical, identical, neighbours};                      \
    bool around_zero = __builtin_reduce_max(tally->farthest) >= (uint##WIDTH##_t)-1 >> 1;    \
    if (around_zero) count_opposites_##WIDTH(a, b, count * (WIDTH / 8), out);                \
  }

DEFINE_TALLY(64)
DEFINE_TALLY(32)
DEFINE_TALLY(16)

struct mixed_tally {
  u64s equal, neighbours;
};

INLINE void mixed_tally_add(const double *a, const double *b, double ulp_of_one,
                            double least_spacing, struct mixed_tally *tally) {
  f64s x, y;
  memcpy(&x, a, sizeof x);
  memcpy(&y, b, sizeof y);
  f64s nearest =
      __builtin_elementwise_min(__builtin_elementwise_abs(x), __builtin_elementwise_abs(y));
  f64s binade = (f64s)((u64s)nearest & 0x7ff0000000000000);
  f64s spacing = __builtin_elementwise_max(binade * ulp_of_one, (f64s)least_spacing);
  tally->equal -= (u64s)(x == y);
  tally->neighbours -= (u64s)(__builtin_elementwise_abs(x - y) <= spacing);
}

static void mixed_counts(const double *a, const double *b, size_t count, double ulp_of_one,
                         double least_spacing, struct agreement_counts *out) {
  struct mixed_tally tally = {0};
  size_t done = 0;
  for (; done + GROUP <= count; done += GROUP) {
    mixed_tally_add(a + done, b + done, ulp_of_one, least_spacing, &tally);
  }
  double last_a[GROUP] = {0}, last_b[GROUP] = {0};
  memcpy(last_a, a + done, (count - done) * sizeof(double));
  memcpy(last_b, b + done, (count - done) * sizeof(double));
  mixed_tally_add(last_a, last_b, ulp_of_one, least_spacing, &tally);
  uint64_t padding = GROUP - (count - done);
  *out = (struct agreement_counts){0, __builtin_reduce_add(tally.equal) - padding,
                                   __builtin_reduce_add(tally.neighbours) - padding};
}
