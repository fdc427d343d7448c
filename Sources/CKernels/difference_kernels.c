#include "difference_kernels.h"

#include <string.h>

#if defined(__x86_64__)
#define DISPATCHED __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define DISPATCHED
#endif

// Page-cache memory is read some 1.6 times faster if asked for this far ahead.
enum { LANES = 8, GROUP = LANES / 2, PREFETCH_BYTES = 1024 };

typedef double f64x4 __attribute__((ext_vector_type(4)));
typedef float f32x4 __attribute__((ext_vector_type(4)));
typedef _Float16 f16x4 __attribute__((ext_vector_type(4)));
typedef uint32_t u32x4 __attribute__((ext_vector_type(4)));
typedef uint16_t u16x4 __attribute__((ext_vector_type(4)));

#define INLINE static inline __attribute__((always_inline))

// Vectors pass through pointers: by value they would tie each helper's calling convention to one
// instruction set, which the compiler refuses.
INLINE void load_f64(const void *from, f64x4 *to) { memcpy(to, from, sizeof *to); }

INLINE void load_f32(const void *from, f64x4 *to) {
  f32x4 value;
  memcpy(&value, from, sizeof value);
  *to = __builtin_convertvector(value, f64x4);
}

INLINE void load_bf16(const void *from, f64x4 *to) {
  u16x4 upper;
  memcpy(&upper, from, sizeof upper);
  u32x4 bits = __builtin_convertvector(upper, u32x4) << 16;
  load_f32(&bits, to);
}

INLINE void load_f16(const void *from, f64x4 *to) {
  f16x4 half;
  memcpy(&half, from, sizeof half);
  f32x4 value = __builtin_convertvector(half, f32x4);
  *to = __builtin_convertvector(value, f64x4);
}

// Four of the eight lanes at a time: with all eight, a processor with 16 vector registers would keep
// some sums in memory.
struct half {
  f64x4 squared, product, squared_a, squared_b, plain, largest_squared;
};

// A product of two floats is exact in binary64, so contracting it changes no bit. A product of
// doubles, or of a difference with itself, is not.
#define ADD_PRODUCT_CONTRACTED(sum, x, y) \
  do {                                    \
    _Pragma("clang fp contract(fast)") sum = sum + x * y; \
  } while (0)
#define ADD_PRODUCT_SEPARATELY(sum, x, y) \
  do {                                    \
    _Pragma("clang fp contract(off)") sum = sum + x * y; \
  } while (0)

INLINE double sum_of_lanes(const f64x4 *first, const f64x4 *second) {
  f64x4 v = *first, w = *second;
  return ((v[0] + v[1]) + (v[2] + v[3])) + ((w[0] + w[1]) + (w[2] + w[3]));
}

INLINE double largest_lane(const f64x4 *first, const f64x4 *second) {
  double largest = 0;
  for (int i = 0; i < GROUP; i++) {
    largest = (*first)[i] > largest ? (*first)[i] : largest;
    largest = (*second)[i] > largest ? (*second)[i] : largest;
  }
  return largest;
}

INLINE void store(struct difference_sums *out, const struct half *v, const struct half *w) {
  out->squared = sum_of_lanes(&v->squared, &w->squared);
  out->product = sum_of_lanes(&v->product, &w->product);
  out->squared_a = sum_of_lanes(&v->squared_a, &w->squared_a);
  out->squared_b = sum_of_lanes(&v->squared_b, &w->squared_b);
  out->plain = sum_of_lanes(&v->plain, &w->plain);
  out->largest_squared = largest_lane(&v->largest_squared, &w->largest_squared);
}

#define ACCUMULATE(ADD_PRODUCT, half, x, y)                                         \
  do {                                                                             \
    f64x4 d = (x) - (y);                                                           \
    f64x4 dd = d * d;                                                              \
    {                                                                              \
      _Pragma("clang fp contract(off)") half.squared = half.squared + dd;          \
    }                                                                              \
    half.largest_squared = dd > half.largest_squared ? dd : half.largest_squared;  \
    half.plain += d;                                                               \
    ADD_PRODUCT(half.product, (x), (y));                                           \
    ADD_PRODUCT(half.squared_a, (x), (x));                                         \
    ADD_PRODUCT(half.squared_b, (y), (y));                                         \
  } while (0)

// The first half's pass fetches ahead; the second's finds its data in the cache. The last, partial
// group is padded with zeros, which change no sum.
#define DEFINE_SUMS(NAME, BYTES, LOAD, ADD_PRODUCT)                                          \
  DISPATCHED void NAME(const void *a, const void *b, size_t count,                           \
                       struct difference_sums *out) {                                        \
    struct half halves[2] = {{0}};                                                           \
    size_t whole = count / LANES * LANES * BYTES, rest = count % LANES * BYTES;              \
    char last_a[LANES * BYTES] = {0}, last_b[LANES * BYTES] = {0};                           \
    if (rest > 0) memcpy(last_a, (const char *)a + whole, rest);                             \
    if (rest > 0) memcpy(last_b, (const char *)b + whole, rest);                             \
    for (size_t half = 0, skip = 0; half < 2; half++, skip += GROUP * BYTES) {           \
      const char *pa = (const char *)a + skip, *pb = (const char *)b + skip;                 \
      struct half sums = {0};                                                                \
      f64x4 x, y;                                                                            \
      for (size_t i = 0; i < whole; i += LANES * BYTES) {                                    \
        if (half == 0) __builtin_prefetch(pa + i + PREFETCH_BYTES);                          \
        if (half == 0) __builtin_prefetch(pb + i + PREFETCH_BYTES);                          \
        LOAD(pa + i, &x);                                                                    \
        LOAD(pb + i, &y);                                                                    \
        ACCUMULATE(ADD_PRODUCT, sums, x, y);                                                 \
      }                                                                                      \
      LOAD(last_a + skip, &x);                                                               \
      LOAD(last_b + skip, &y);                                                               \
      ACCUMULATE(ADD_PRODUCT, sums, x, y);                                                   \
      halves[half] = sums;                                                                   \
    }                                                                                        \
    store(out, &halves[0], &halves[1]);                                                      \
  }

DEFINE_SUMS(difference_sums_f64, 8, load_f64, ADD_PRODUCT_SEPARATELY)
DEFINE_SUMS(difference_sums_f32, 4, load_f32, ADD_PRODUCT_CONTRACTED)
DEFINE_SUMS(difference_sums_f16, 2, load_f16, ADD_PRODUCT_CONTRACTED)
DEFINE_SUMS(difference_sums_bf16, 2, load_bf16, ADD_PRODUCT_CONTRACTED)

#define DEFINE_POSITION(NAME, BYTES, LOAD)                                                   \
  DISPATCHED size_t NAME(const void *a, const void *b, size_t count, double squared) {       \
    for (size_t first = 0; first < count; first += GROUP) {                                  \
      size_t lanes = count - first < GROUP ? count - first : GROUP;                          \
      char group_a[GROUP * BYTES] = {0}, group_b[GROUP * BYTES] = {0};                       \
      const char *pa = (const char *)a + first * BYTES, *pb = (const char *)b + first * BYTES; \
      if (lanes < GROUP) {                                                                   \
        pa = memcpy(group_a, pa, lanes * BYTES);                                             \
        pb = memcpy(group_b, pb, lanes * BYTES);                                             \
      }                                                                                      \
      f64x4 x, y;                                                                            \
      LOAD(pa, &x);                                                                          \
      LOAD(pb, &y);                                                                          \
      f64x4 d = x - y, dd = d * d;                                                           \
      if (!__builtin_reduce_or(dd == squared)) continue;                                     \
      for (size_t lane = 0; lane < lanes; lane++) {                                          \
        if (dd[lane] == squared) return first + lane;                                        \
      }                                                                                      \
    }                                                                                        \
    return count;                                                                            \
  }

DEFINE_POSITION(position_of_difference_f64, 8, load_f64)
DEFINE_POSITION(position_of_difference_f32, 4, load_f32)
DEFINE_POSITION(position_of_difference_f16, 2, load_f16)
DEFINE_POSITION(position_of_difference_bf16, 2, load_bf16)

// Numbers of one sign are neighbours if their bits, taken as integers, are at most 1 apart. Of
// numbers of different sign only those around zero are, and their bits are then 2^(WIDTH-1) or
// one more or less apart, as are those of x and -x. Where that occurs, and only there, the loop
// below turns sign and magnitude into integers of the same order, both zeros into 0.
#define DEFINE_COUNTS(NAME, SIGNED, UNSIGNED, WIDTH, MAGNITUDE)                              \
  INLINE UNSIGNED NAME##_key(UNSIGNED bits) {                                                \
    UNSIGNED sign = (UNSIGNED)((SIGNED)bits >> (WIDTH - 1));                                 \
    return (UNSIGNED)((bits ^ (UNSIGNED)(sign >> 1)) - sign);                                \
  }                                                                                          \
  INLINE void NAME##_around_zero(const char *a, const char *b, size_t count,                 \
                                 struct agreement_counts *total) {                           \
    for (size_t i = 0; i < count; i++) {                                                     \
      UNSIGNED x, y;                                                                         \
      memcpy(&x, a + i * sizeof x, sizeof x);                                                \
      memcpy(&y, b + i * sizeof y, sizeof y);                                                \
      UNSIGNED apart = (UNSIGNED)(NAME##_key(x) - NAME##_key(y));                            \
      total->identical += x == y;                                                            \
      total->equal += apart == 0;                                                            \
      total->neighbours += (UNSIGNED)(apart + 1) <= 2;                                       \
    }                                                                                        \
  }                                                                                          \
  DISPATCHED void NAME(const void *a, const void *b, size_t count,                           \
                       struct agreement_counts *out) {                                       \
    enum { STEP = 4096 / WIDTH * 8 }; /* so few that no UNSIGNED counter overflows */        \
    struct agreement_counts total = {0};                                                     \
    for (size_t first = 0; first < count; first += STEP) {                                   \
      const char *pa = (const char *)a + first * sizeof(UNSIGNED);                           \
      const char *pb = (const char *)b + first * sizeof(UNSIGNED);                           \
      size_t steps = count - first < STEP ? count - first : STEP;                            \
      UNSIGNED identical = 0, neighbours = 0, candidates = 0;                                \
      for (size_t i = 0; i < steps; i++) {                                                   \
        UNSIGNED x, y;                                                                       \
        memcpy(&x, pa + i * sizeof x, sizeof x);                                             \
        memcpy(&y, pb + i * sizeof y, sizeof y);                                             \
        UNSIGNED next = (UNSIGNED)(x - y + 1);                                               \
        identical = (UNSIGNED)(identical + (next == 1));                                     \
        neighbours = (UNSIGNED)(neighbours + (next <= 2));                                   \
        candidates = (UNSIGNED)(candidates + ((UNSIGNED)(next & MAGNITUDE) <= 2));           \
      }                                                                                      \
      if (candidates > neighbours) {                                                         \
        NAME##_around_zero(pa, pb, steps, &total);                                           \
      } else {                                                                               \
        total.identical += identical;                                                        \
        total.equal += identical;                                                            \
        total.neighbours += neighbours;                                                      \
      }                                                                                      \
    }                                                                                        \
    *out = total;                                                                            \
  }

DEFINE_COUNTS(agreement_counts_f64, int64_t, uint64_t, 64, 0x7fffffffffffffff)
DEFINE_COUNTS(agreement_counts_f32, int32_t, uint32_t, 32, 0x7fffffff)
DEFINE_COUNTS(agreement_counts_f16, int16_t, uint16_t, 16, 0x7fff)
DEFINE_COUNTS(agreement_counts_bf16, int16_t, uint16_t, 16, 0x7fff)
