// Exponentials and what is made of them.

// x = n log 2 + r with |r| <= log(2)/2, and exp(x) = 2^n exp(r). The polynomial has the least
// relative error, 3e-9, over that range; the steps round to less than 1 ulp. 2^n is applied in two
// factors, neither of which overflows where exp(x) does not.
INLINE void exponential(f32s *x) {
  const float round = 0x1.8p23f;
  f32s clamped = *x > 89 ? (f32s)89 : *x;
  clamped = clamped < -104 ? (f32s)-104 : clamped;
  f32s shifted = clamped * 0x1.715476p0f + round;
  f32s n = shifted - round;
  f32s r = clamped - n * 0x1.62e4p-1f;
  r = r - n * 0x1.7f7d1cp-20f;
  f32s p = (f32s)0.0013814467238262296f;
  p = p * r + 0.008368780836462975f;
  p = p * r + 0.04166839271783829f;
  p = p * r + 0.1666651964187622f;
  p = p * r + 0.4999999403953552f;
  p = p * (r * r) + r;
  i32s power = (i32s)shifted - (i32s)(f32s)round;
  i32s half = power >> 1;
  f32s first = (f32s)((half + 127) << 23);
  f32s second = (f32s)((power - half + 127) << 23);
  *x = (p * first + first) * second;
}

DEFINE_MAP(map_exponential, exponential)

enum { SUMMED_VECTORS = 16 };  // exponentials that a lane adds in binary32

// The largest element; NaN are passed over, and of none it is the least number.
static float largest_of(const float *x, size_t count) {
  f32s largest = -FLT_MAX, value;
  for (size_t i = 0; i < count; i += LANES) {
    load_some(x + i, count - i, -FLT_MAX, &value);
    largest = value > largest ? value : largest;
  }
  return largest_lane(&largest);
}

// The sum of y[i] = exp(x[i] - shift). y may be x, or null where only the sum is of interest. Its
// bits depend on no element beyond `count`.
INLINE double exponentials(const float *x, size_t count, float shift, float *y) {
  double sum = 0;
  for (size_t i = 0; i < count;) {
    f32s sums = 0, value;
    for (int v = 0; v < SUMMED_VECTORS && i < count; v++, i += LANES) {
      load_some(x + i, count - i, -INFINITY, &value);
      value -= shift;
      exponential(&value);
      sums += value;
      if (y) store_some(&value, count - i, y + i);
    }
    sum += sum_of_floats(&sums);
  }
  return sum;
}

static void softmax(float *x, size_t count) {
  double sum = exponentials(x, count, largest_of(x, count), x);
  for (size_t i = 0; i < count; i++) x[i] = (float)(x[i] / sum);
}

static void log_softmax(float *x, size_t count) {
  float largest = largest_of(x, count);
  double total = largest + log(exponentials(x, count, largest, NULL));
  for (size_t i = 0; i < count; i++) x[i] = (float)(x[i] - total);
}
