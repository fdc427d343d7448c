// Sums of squared powers of two at or below magnitudes: what rounding to a type is known by.
//
// Such squares are exact, so that contracting them with a sum changes no bit.
static double squared_binades(const double *values, size_t count, double least, uint64_t *used) {
  const u64s exponent = (u64s)0 + 0x7ff0000000000000;
  f64s sums[PASSES] = {0};
  u64s bits = {0};
  size_t whole = count / LANES * LANES;
  for (size_t i = 0; i < whole; i += LANES) {
    for (size_t pass = 0; pass < PASSES; pass++) {
      u64s pattern;
      memcpy(&pattern, values + i + pass * GROUP, sizeof pattern);
      f64s binade = __builtin_elementwise_max((f64s)(pattern & exponent), (f64s)least);
      sums[pass] += binade * binade;
      bits |= pattern;
    }
  }
  double lanes[LANES];
  memcpy(lanes, sums, sizeof lanes);
  uint64_t all = __builtin_reduce_or(bits);
  for (size_t i = whole; i < count; i++) {
    uint64_t pattern, above;
    memcpy(&pattern, values + i, sizeof pattern);
    above = pattern & 0x7ff0000000000000;
    double binade;
    memcpy(&binade, &above, sizeof binade);
    if (binade < least) binade = least;
    lanes[i - whole] += binade * binade;
    all |= pattern;
  }
  *used = all & 0x000fffffffffffff;
  return sum_of_lanes(lanes, lanes + LANES - GROUP);
}
