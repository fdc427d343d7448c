// Backward passes of the layers: what a loss changes by with what went into a layer, given what it
// changes by with what came out.

// x: [positions, channels] as it went in, dy: the gradient of what came out. dx is added to, and so
// are the sums over positions, dweight and dbias.
static void normalize_backward(const float *x, const float *dy, size_t positions, size_t channels,
                               const float *weight, float epsilon, float *dx, float *dweight,
                               float *dbias) {
  for (size_t p = 0; p < positions; p++, x += channels, dy += channels, dx += channels) {
    double mean = mean_of(x, channels);
    double scale = 1 / sqrt(variance_of(x, channels, mean) + epsilon);
    f64s sums = 0, products = 0;
    for (size_t c = 0; c < channels; c += LANES) {
      f64s value, change, w;
      load_doubles(x + c, channels - c, &value);
      load_doubles(dy + c, channels - c, &change);
      load_doubles(weight + c, channels - c, &w);
      sums += change * w;
      products += change * w * ((value - mean) * scale);
    }
    double change_mean = sum_of_doubles(&sums) / channels;
    double slope = sum_of_doubles(&products) / channels;
    for (size_t c = 0; c < channels; c += LANES) {
      f64s value, change, w;
      f32s dx_lanes, dweight_lanes, dbias_lanes;
      load_doubles(x + c, channels - c, &value);
      load_doubles(dy + c, channels - c, &change);
      load_doubles(weight + c, channels - c, &w);
      load_some(dx + c, channels - c, 0, &dx_lanes);
      load_some(dweight + c, channels - c, 0, &dweight_lanes);
      load_some(dbias + c, channels - c, 0, &dbias_lanes);
      value = (value - mean) * scale;
      f64s gradient = (change * w - change_mean - value * slope) * scale;
      dx_lanes += __builtin_convertvector(gradient, f32s);
      dweight_lanes += __builtin_convertvector(change * value, f32s);
      dbias_lanes += __builtin_convertvector(change, f32s);
      store_some(&dx_lanes, channels - c, dx + c);
      store_some(&dweight_lanes, channels - c, dweight + c);
      store_some(&dbias_lanes, channels - c, dbias + c);
    }
  }
}

// The unit is x s with s = 1 / (1 + exp(-2u)), u = sqrt(2/pi) (x + 0.044715 x^3), and its slope
// s + 2 x s (1 - s) du/dx, 1 - s being e s. Where u is far below 0, s is 0 whatever the power.
INLINE void gelu_tanh_slope(f32s *x) {
  f32s square = *x * *x;
  f32s e = *x * (square * 0.044715f + 1) * -1.5957691216057308f;
  e = e > 80 ? (f32s)80 : e;
  exponential(&e);
  f32s s = 1 / (1 + e);
  f32s slope = (square * (3 * 0.044715f) + 1) * 1.5957691216057308f;
  *x = s + *x * s * (e * s) * slope;
}

// The normal distribution's function plus x times its density.
INLINE void gelu_erf_slope(f32s *x) {
  f32s a, tail, e;
  tail_start(x, &a);
  normal_tail(&a, &e, &tail);
  f32s below = *x > 0 ? 1 - tail : tail;
  *x = below + *x * e * 0.3989422804014327f;
}

INLINE void relu_slope(f32s *x) { *x = *x > 0 ? (f32s)1 : (f32s)0; }

// dy[i] *= slope at x[i].
#define DEFINE_SLOPE(NAME, FUNCTION)                              \
  static void NAME(const float *x, float *dy, size_t count) {     \
    for (size_t i = 0; i < count; i += LANES) {                   \
      f32s value, change;                                         \
      load_some(x + i, count - i, 0, &value);                     \
      load_some(dy + i, count - i, 0, &change);                   \
      FUNCTION(&value);                                           \
      change *= value;                                            \
      store_some(&change, count - i, dy + i);                     \
    }                                                             \
  }

DEFINE_SLOPE(gelu_tanh_backward, gelu_tanh_slope)
DEFINE_SLOPE(gelu_erf_backward, gelu_erf_slope)
DEFINE_SLOPE(relu_backward, relu_slope)

// Replaces a row of logits by the gradient of scale times the negative log-likelihood of a target,
// which is returned: scale * (softmax - 1 at the target).
static float cross_entropy(float *logits, size_t count, size_t target, float scale) {
  float largest = largest_of(logits, count), wanted = logits[target];
  double total = exponentials(logits, count, largest, logits);
  float factor = (float)(scale / total);
  for (size_t i = 0; i < count; i++) logits[i] *= factor;
  logits[target] -= scale;
  return (float)(log(total) + ((double)largest - wanted));
}

// Replaces the first `reach` scores by weights of attention, exp(scale * s) over their sum, and those
// from there to `count` by 0.
static void attention_weights(float *scores, size_t reach, size_t count, float scale) {
  for (size_t i = 0; i < reach; i++) scores[i] *= scale;
  float factor = (float)(1 / exponentials(scores, reach, largest_of(scores, reach), scores));
  for (size_t i = 0; i < reach; i++) scores[i] *= factor;
  memset(scores + reach, 0, (count - reach) * sizeof(float));
}

// Replaces the gradient of weights by that of scores, scale * w * (dw - sum of w dw), 0 from `reach` on.
static void attention_weights_backward(const float *weights, float *dweights, size_t reach,
                                       size_t count, float scale) {
  f64s sums = 0;
  for (size_t i = 0; i < reach; i += LANES) {
    f64s weight, change;
    load_doubles(weights + i, reach - i, &weight);
    load_doubles(dweights + i, reach - i, &change);
    sums += weight * change;
  }
  float mean = (float)sum_of_doubles(&sums);
  for (size_t i = 0; i < reach; i++) dweights[i] = scale * weights[i] * (dweights[i] - mean);
  memset(dweights + reach, 0, (count - reach) * sizeof(float));
}

// sums[c] += x[p][c] over positions, in their order.
static void add_rows(const float *x, size_t positions, size_t stride, size_t columns, float *sums) {
  for (size_t p = 0; p < positions; p++, x += stride) {
    for (size_t c = 0; c < columns; c++) sums[c] += x[c];
  }
}
