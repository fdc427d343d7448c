// Activations of hidden units. Both Gaussian units are max(x, 0) - |x| * tail(|x|), where the tail
// is what a distribution has beyond |x|: so small results have few relative errors, and large x
// none. Beyond 20 the tail is below the least number.

INLINE void tail_start(const f32s *x, f32s *magnitude) {
  *magnitude = __builtin_elementwise_abs(*x);
  *magnitude = *magnitude > 20 ? (f32s)20 : *magnitude;
}

INLINE void tail_end(f32s *x, const f32s *magnitude, const f32s *tail) {
  f32s positive = *x > 0 ? *x : (f32s)0;
  *x = positive - *magnitude * *tail;
}

// tail(a) = e / (1 + e), e = exp(-2 sqrt(2/pi) (a + 0.044715 a^3)).
INLINE void gelu_tanh_step(f32s *x) {
  f32s a;
  tail_start(x, &a);
  f32s e = a * -1.5957691216057308f;
  e = e * (a * a * 0.044715f + 1);
  exponential(&e);
  e = e / (1 + e);
  tail_end(x, &a, &e);
}

// tail(a) = erfc(a / sqrt 2) / 2 = exp(-a^2 / 2) t q(t), t = 1 / (1 + 0.4 a / sqrt 2). The
// polynomial q was fitted for the least of max(1, a) times the error of the tail, 4e-10.
INLINE void normal_tail(const f32s *a, f32s *e, f32s *tail) {
  f32s t = 1 / (*a * 0.282842712474619f + 1);
  f32s q = (f32s)0.037669043987989426f;
  q = q * t - 0.19795601069927216f;
  q = q * t + 0.33891236782073975f;
  q = q * t - 0.17679396271705627f;
  q = q * t + 0.19224810600280762f;
  q = q * t + 0.07724238187074661f;
  q = q * t + 0.11591167747974396f;
  q = q * t + 0.11276638507843018f;
  *e = *a * *a * -0.5f;
  exponential(e);
  *tail = *e * t * q;
}

INLINE void gelu_erf_step(f32s *x) {
  f32s a, e, tail;
  tail_start(x, &a);
  normal_tail(&a, &e, &tail);
  tail_end(x, &a, &tail);
}

INLINE void relu_step(f32s *x) { *x = *x < 0 ? (f32s)0 : *x; }

DEFINE_MAP(gelu_tanh, gelu_tanh_step)
DEFINE_MAP(gelu_erf, gelu_erf_step)
DEFINE_MAP(relu, relu_step)
