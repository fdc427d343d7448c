// Weighted sums in binary64, and their rounding to each type.

#define DEFINE_COMBINATION(TYPE, BYTES)                                                      \
  INLINE void begin_step_##TYPE(const char *from, double coefficient, double *values,        \
                                double *sums) {                                              \
    f64s x;                                                                                  \
    load_##TYPE(from, &x);                                                                   \
    f64s product = x * coefficient;                                                          \
    memcpy(values, &x, sizeof x);                                                            \
    memcpy(sums, &product, sizeof product);                                                  \
  }                                                                                          \
  static void begin_##TYPE(const void *from, size_t count, double coefficient,               \
                           double *values, double *sums) {                                   \
    const char *next = from;                                                                 \
    size_t done = 0;                                                                         \
    for (; done + GROUP <= count; done += GROUP, next += GROUP * BYTES) {                    \
      begin_step_##TYPE(next, coefficient, values + done, sums + done);                      \
    }                                                                                        \
    char last[GROUP * BYTES] = {0};                                                          \
    double last_values[GROUP], last_sums[GROUP];                                             \
    memcpy(last, next, (count - done) * BYTES);                                              \
    begin_step_##TYPE(last, coefficient, last_values, last_sums);                            \
    memcpy(values + done, last_values, (count - done) * sizeof(double));                     \
    memcpy(sums + done, last_sums, (count - done) * sizeof(double));                         \
  }                                                                                          \
  INLINE void add_step_to_##TYPE(const char *from, double coefficient, double *sums) {       \
    _Pragma("clang fp contract(off)") f64s x, sum;                                           \
    load_##TYPE(from, &x);                                                                   \
    memcpy(&sum, sums, sizeof sum);                                                          \
    f64s product = x * coefficient;                                                          \
    sum = sum + product;                                                                     \
    memcpy(sums, &sum, sizeof sum);                                                          \
  }                                                                                          \
  static void add_##TYPE(const void *from, size_t count, double coefficient, double *sums) { \
    const char *next = from;                                                                 \
    size_t done = 0;                                                                         \
    for (; done + GROUP <= count; done += GROUP, next += GROUP * BYTES) {                    \
      add_step_to_##TYPE(next, coefficient, sums + done);                                    \
    }                                                                                        \
    char last[GROUP * BYTES] = {0};                                                          \
    double last_sums[GROUP] = {0};                                                           \
    memcpy(last, next, (count - done) * BYTES);                                              \
    memcpy(last_sums, sums + done, (count - done) * sizeof(double));                         \
    add_step_to_##TYPE(last, coefficient, last_sums);                                        \
    memcpy(sums + done, last_sums, (count - done) * sizeof(double));                         \
  }

DEFINE_COMBINATION(f64, 8)
DEFINE_COMBINATION(f32, 4)
DEFINE_COMBINATION(f16, 2)
DEFINE_COMBINATION(bf16, 2)

typedef int64_t i64s __attribute__((ext_vector_type(GROUP)));
typedef int32_t i32s __attribute__((ext_vector_type(GROUP)));

// Doubles to the bits of floats, toward zero, with the last bit set where that changed the value.
// Rounding such a float to a type with two bits less gives what rounding the double at once does;
// rounding to the nearest float first would not.
INLINE void bits_of_floats_rounded_to_odd(const f64s *x, u32s *bits) {
  f32s nearest = __builtin_convertvector(*x, f32s);
  f64s back = __builtin_convertvector(nearest, f64s);
  i64s is_inexact = back != *x;
  i64s is_beyond = __builtin_elementwise_abs(back) > __builtin_elementwise_abs(*x);
  u32s truncated = (u32s)nearest + (u32s)__builtin_convertvector(is_beyond, i32s);
  *bits = truncated | ((u32s)__builtin_convertvector(is_inexact, i32s) & 1);
}

// Each rounds and stores GROUP elements, and gives back the values stored.
INLINE void store_f64(const f64s *x, void *to, f64s *stored) {
  u64s quiet = (u64s)0x7ff8000000000000;
  *stored = *x == *x ? *x : (f64s)quiet;
  memcpy(to, stored, sizeof *stored);
}

INLINE void store_f32(const f64s *x, void *to, f64s *stored) {
  f32s nearest = __builtin_convertvector(*x, f32s);
  u32s quiet = (u32s)0x7fc00000;
  nearest = nearest == nearest ? nearest : (f32s)quiet;
  memcpy(to, &nearest, sizeof nearest);
  *stored = __builtin_convertvector(nearest, f64s);
}

INLINE void store_bf16(const f64s *x, void *to, f64s *stored) {
  u32s bits;
  bits_of_floats_rounded_to_odd(x, &bits);
  u32s upper = (bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000;
  u32s quiet = (u32s)0x7fc00000;
  upper = (bits & 0x7fffffff) > 0x7f800000 ? quiet : upper;
  u16s halves = __builtin_convertvector(upper >> 16, u16s);
  memcpy(to, &halves, sizeof halves);
  *stored = __builtin_convertvector((f32s)upper, f64s);
}

INLINE void store_f16(const f64s *x, void *to, f64s *stored) {
  u32s bits;
  bits_of_floats_rounded_to_odd(x, &bits);
  f16s half = __builtin_convertvector((f32s)bits, f16s);
  u16s halves, quiet = (u16s)0x7e00;
  memcpy(&halves, &half, sizeof halves);
  halves = (halves & 0x7fff) > 0x7c00 ? quiet : halves;
  memcpy(to, &halves, sizeof halves);
  load_f16(&halves, stored);
}

// Counts so far, each negative: a mask that holds is -1.
struct rounding_tally {
  i64s changed, swallowed, nonfinite;
};

INLINE void tally_rounding(const f64s *sum, const f64s *stored, const double *anchor,
                           const double *kept, struct rounding_tally *tally) {
  f64s a, k;
  memcpy(&a, anchor, sizeof a);
  memcpy(&k, kept, sizeof k);
  i64s is_changed = __builtin_elementwise_abs(*sum - a) > __builtin_elementwise_abs(a) * 0x1p-48;
  tally->changed += is_changed;
  tally->swallowed += is_changed & (*stored == k);
  tally->nonfinite += (i64s)(*stored - *stored != 0);
}

#define DEFINE_ROUNDING(TYPE, BYTES)                                                         \
  INLINE void round_step_##TYPE(const double *sums, const double *anchors, const double *kept, \
                                void *to, struct rounding_tally *tally) {                    \
    f64s sum, stored;                                                                        \
    memcpy(&sum, sums, sizeof sum);                                                          \
    store_##TYPE(&sum, to, &stored);                                                         \
    tally_rounding(&sum, &stored, anchors, kept, tally);                                     \
  }                                                                                          \
  static void round_##TYPE(const double *sums, const double *anchors, const double *kept,    \
                           size_t count, void *to, struct rounding_counts *counts) {         \
    struct rounding_tally tally = {0};                                                       \
    char *next = to, last[GROUP * BYTES];                                                    \
    size_t done = 0;                                                                         \
    for (; done + GROUP <= count; done += GROUP, next += GROUP * BYTES) {                    \
      round_step_##TYPE(sums + done, anchors + done, kept + done, next, &tally);             \
    }                                                                                        \
    double last_sums[GROUP] = {0}, last_anchors[GROUP] = {0}, last_kept[GROUP] = {0};        \
    memcpy(last_sums, sums + done, (count - done) * sizeof(double));                         \
    memcpy(last_anchors, anchors + done, (count - done) * sizeof(double));                   \
    memcpy(last_kept, kept + done, (count - done) * sizeof(double));                         \
    round_step_##TYPE(last_sums, last_anchors, last_kept, last, &tally);                     \
    memcpy(next, last, (count - done) * BYTES);                                              \
    *counts = (struct rounding_counts){-__builtin_reduce_add(tally.changed),                 \
                                       -__builtin_reduce_add(tally.swallowed),               \
                                       -__builtin_reduce_add(tally.nonfinite)};              \
  }

DEFINE_ROUNDING(f64, 8)
DEFINE_ROUNDING(f32, 4)
DEFINE_ROUNDING(f16, 2)
DEFINE_ROUNDING(bf16, 2)
