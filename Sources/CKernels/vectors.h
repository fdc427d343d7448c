// Vectors of GROUP doubles, and elements of each type widened into them, which is exact.

enum { LANES = 8, VECTOR_BYTES = GROUP * 8 };

typedef double f64s __attribute__((ext_vector_type(GROUP)));
typedef float f32s __attribute__((ext_vector_type(GROUP)));
typedef _Float16 f16s __attribute__((ext_vector_type(GROUP)));
typedef uint64_t u64s __attribute__((ext_vector_type(GROUP)));
typedef uint32_t u32s __attribute__((ext_vector_type(GROUP)));
typedef uint16_t u16s __attribute__((ext_vector_type(GROUP)));

#define INLINE static inline __attribute__((always_inline))

// Vectors pass through pointers: by value they would tie each helper's calling convention to one
// instruction set, which the compiler refuses.
INLINE void load_f64(const void *from, f64s *to) { memcpy(to, from, sizeof *to); }

INLINE void load_f32(const void *from, f64s *to) {
  f32s value;
  memcpy(&value, from, sizeof value);
  *to = __builtin_convertvector(value, f64s);
}

INLINE void load_f16(const void *from, f64s *to) {
  f16s half;
  memcpy(&half, from, sizeof half);
  f32s value = __builtin_convertvector(half, f32s);
  *to = __builtin_convertvector(value, f64s);
}

#if GROUP == 8
// A broadcast costs nothing beyond its load, which leaves one shuffle. Written as below, the
// compiler takes two instructions, and the sums of BF16 a fifth longer.
INLINE void load_bf16(const void *from, f64s *to) {
  const __m256i spread = _mm256_setr_epi8(
      -1, -1, 0, 1, -1, -1, 2, 3, -1, -1, 4, 5, -1, -1, 6, 7,
      -1, -1, 8, 9, -1, -1, 10, 11, -1, -1, 12, 13, -1, -1, 14, 15);
  __m256i twice = _mm256_broadcastsi128_si256(_mm_loadu_si128(from));
  *to = _mm512_cvtps_pd(_mm256_castsi256_ps(_mm256_shuffle_epi8(twice, spread)));
}
#else
INLINE void load_bf16(const void *from, f64s *to) {
  u16s upper;
  memcpy(&upper, from, sizeof upper);
  u32s bits = __builtin_convertvector(upper, u32s) << 16;
  load_f32(&bits, to);
}
#endif

#define DEFINE_WIDENING(TYPE, BYTES)                                              \
  static void widen_##TYPE(const void *from, size_t count, double *to) {          \
    const char *next = from;                                                      \
    size_t done = 0;                                                              \
    f64s values;                                                                  \
    for (; done + GROUP <= count; done += GROUP, next += GROUP * BYTES) {         \
      load_##TYPE(next, &values);                                                 \
      memcpy(to + done, &values, sizeof values);                                  \
    }                                                                             \
    char last[GROUP * BYTES] = {0};                                               \
    memcpy(last, next, (count - done) * BYTES);                                   \
    load_##TYPE(last, &values);                                                   \
    memcpy(to + done, &values, (count - done) * sizeof(double));                  \
  }

DEFINE_WIDENING(f64, 8)
DEFINE_WIDENING(f32, 4)
DEFINE_WIDENING(f16, 2)
DEFINE_WIDENING(bf16, 2)
