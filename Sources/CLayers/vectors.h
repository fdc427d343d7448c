// Vectors of LANES floats.

typedef float f32s __attribute__((ext_vector_type(LANES)));
typedef int32_t i32s __attribute__((ext_vector_type(LANES)));
typedef uint32_t u32s __attribute__((ext_vector_type(LANES)));
typedef uint16_t u16s __attribute__((ext_vector_type(LANES)));
typedef uint16_t pairs_of_u16s __attribute__((ext_vector_type(2 * LANES)));
typedef double f64s __attribute__((ext_vector_type(LANES)));

enum { TILE_COLUMNS = 2 * LANES };  // columns whose sums are held in registers at once

#define INLINE static inline __attribute__((always_inline))
#define UNROLLED _Pragma("clang loop unroll(full)")

// Vectors pass through pointers: by value they would tie each helper's calling convention to one
// instruction set, which the compiler refuses.
INLINE void load(const float *from, f32s *to) { memcpy(to, from, sizeof *to); }
INLINE void store(const f32s *from, float *to) { memcpy(to, from, sizeof *from); }

// The first `count` elements, at most LANES, and `filler` in place of the others. A part of a vector
// goes by way of an array, so that the vector itself has no address and stays in a register.
INLINE void load_some(const float *from, size_t count, float filler, f32s *to) {
  if (count >= LANES) return load(from, to);
  float lanes[LANES];
  for (int lane = 0; lane < LANES; lane++) lanes[lane] = filler;
  memcpy(lanes, from, count * sizeof(float));
  load(lanes, to);
}

INLINE void store_some(const f32s *from, size_t count, float *to) {
  if (count >= LANES) return store(from, to);
  float lanes[LANES];
  store(from, lanes);
  memcpy(to, lanes, count * sizeof(float));
}

INLINE float largest_lane(const f32s *x) {
  float lanes[LANES];
  store(x, lanes);
  UNROLLED for (int half = LANES / 2; half > 0; half /= 2) {
    UNROLLED for (int i = 0; i < half; i++) {
      lanes[i] = lanes[i] > lanes[i + half] ? lanes[i] : lanes[i + half];
    }
  }
  return lanes[0];
}

INLINE double sum_of_doubles(const f64s *x) {
  double lanes[LANES];
  memcpy(lanes, x, sizeof lanes);
  UNROLLED for (int half = LANES / 2; half > 0; half /= 2) {
    UNROLLED for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
  }
  return lanes[0];
}

INLINE double sum_of_floats(const f32s *x) {
  f64s wide = __builtin_convertvector(*x, f64s);
  return sum_of_doubles(&wide);
}

// Swaps the lanes of `low` whose number has the bit `step` with those of `high` that lack it.
INLINE void exchange(f32s *low, f32s *high, const int step) {
  f32s before = *low, after = *high;
  UNROLLED for (int lane = 0; lane < LANES; lane++) {
    if (lane & step) (*low)[lane] = after[lane - step];
    else (*high)[lane] = before[lane + step];
  }
}

// y[i] = FUNCTION(x[i]), in place.
#define DEFINE_MAP(NAME, FUNCTION)                              \
  static void NAME(float *x, size_t count) {                    \
    for (size_t i = 0; i < count; i += LANES) {                 \
      f32s value;                                               \
      load_some(x + i, count - i, 0, &value);                   \
      FUNCTION(&value);                                         \
      store_some(&value, count - i, x + i);                     \
    }                                                           \
  }
