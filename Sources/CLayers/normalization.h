// Layer normalization, in binary64.

INLINE void load_doubles(const float *from, size_t count, f64s *to) {
  f32s value;
  load_some(from, count, 0, &value);
  *to = __builtin_convertvector(value, f64s);
}

static double mean_of(const float *x, size_t count) {
  f64s sums = 0, value;
  for (size_t i = 0; i < count; i += LANES) {
    load_doubles(x + i, count - i, &value);
    sums += value;
  }
  return sum_of_doubles(&sums) / count;
}

static double variance_of(const float *x, size_t count, double mean) {
  f64s sums = 0, value;
  size_t i = 0;
  for (; i + LANES <= count; i += LANES) {
    load_doubles(x + i, LANES, &value);
    sums += (value - mean) * (value - mean);
  }
  double sum = sum_of_doubles(&sums);
  for (; i < count; i++) sum += (x[i] - mean) * (x[i] - mean);
  return sum / count;
}

static void normalize(const float *x, size_t positions, size_t channels, const float *weight,
                      const float *bias, float epsilon, float *y) {
  for (size_t p = 0; p < positions; p++, x += channels, y += channels) {
    double mean = mean_of(x, channels);
    double scale = 1 / sqrt(variance_of(x, channels, mean) + epsilon);
    for (size_t c = 0; c < channels; c += LANES) {
      f64s value, w, b;
      load_doubles(x + c, channels - c, &value);
      load_doubles(weight + c, channels - c, &w);
      load_doubles(bias + c, channels - c, &b);
      value = (value - mean) * scale * w + b;
      f32s rounded = __builtin_convertvector(value, f32s);
      store_some(&rounded, channels - c, y + c);
    }
  }
}
