// Where in a block a difference is.

#define DEFINE_POSITION(TYPE, BYTES)                                                         \
  static size_t position_##TYPE(const void *a, const void *b, size_t count, double squared) { \
    for (size_t first = 0; first < count; first += GROUP) {                                  \
      size_t lanes = count - first < GROUP ? count - first : GROUP;                          \
      char group_a[GROUP * BYTES] = {0}, group_b[GROUP * BYTES] = {0};                       \
      const char *pa = (const char *)a + first * BYTES, *pb = (const char *)b + first * BYTES; \
      if (lanes < GROUP) {                                                                   \
        pa = memcpy(group_a, pa, lanes * BYTES);                                             \
        pb = memcpy(group_b, pb, lanes * BYTES);                                             \
      }                                                                                      \
      f64s x, y;                                                                             \
      load_##TYPE(pa, &x);                                                                   \
      load_##TYPE(pb, &y);                                                                   \
      f64s d = x - y, dd = d * d;                                                            \
      if (!__builtin_reduce_or(dd == squared)) continue;                                     \
      for (size_t lane = 0; lane < lanes; lane++) {                                          \
        if (dd[lane] == squared) return first + lane;                                        \
      }                                                                                      \
    }                                                                                        \
    return count;                                                                            \
  }

DEFINE_POSITION(f64, 8)
DEFINE_POSITION(f32, 4)
DEFINE_POSITION(f16, 2)
DEFINE_POSITION(bf16, 2)
