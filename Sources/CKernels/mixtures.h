// What coefficients leave of a mixture, and how many elements no chain of roundings explains.

INLINE void half_spacing(f64s *x, const struct mixture_unit *unit) {
  f64s binade = (f64s)((u64s)*x & 0x7ff0000000000000);
  f64s least = (f64s)unit->least_binade;
  *x = (binade > least ? binade : least) * unit->half;
}

// Elements of a checkpoint, from the difference from the origin.
INLINE void load_member(const double *rows, size_t stride, size_t row, size_t origin, f64s *x) {
  load_f64(rows + row * stride, x);
  if (row == origin) return;
  f64s base;
  load_f64(rows + origin * stride, &base);
  *x = *x + base;
}

// How far elements may be off, beyond what their own rounding does.
INLINE void inputs_bound(const double *rows, size_t stride, const struct mixture_term *terms,
                         size_t count, const struct mixture_unit *unit, f64s *bound) {
  _Pragma("clang fp contract(off)") f64s sum = 0;
  for (size_t row = 0; row < count; row++) {
    f64s member, difference;
    load_member(rows, stride, row, unit->origin, &member);
    load_f64(rows + row * stride, &difference);
    f64s size = __builtin_elementwise_abs(difference);
    half_spacing(&member, unit);
    half_spacing(&difference, unit);
    sum = sum + terms[row].input * member;
    sum = sum + terms[row].difference * difference;
    sum = sum + terms[row].error * size;
  }
  *bound = sum;
}

INLINE uint64_t count_far(const double *rows, size_t stride, const struct mixture_term *terms,
                          size_t count, const struct mixture_unit *unit, const f64s *rest) {
  f64s own, inputs, size = __builtin_elementwise_abs(*rest);
  load_member(rows, stride, count, unit->origin, &own);
  half_spacing(&own, unit);
  i64s is_far = size > own;
  // One rounding explains most elements.
  if (__builtin_reduce_or(is_far) == 0) return 0;
  inputs_bound(rows, stride, terms, count, unit, &inputs);
  is_far = size > own + inputs;
  return (uint64_t)-__builtin_reduce_add(is_far);
}

static void mixture(const double *rows, size_t stride, size_t count,
                    const struct mixture_term *terms, size_t term_count,
                    const struct mixture_unit *unit, struct mixture_rest *out) {
  f64s lanes[PASSES] = {0};
  uint64_t far = 0;
  for (size_t i = 0; i < count; i += LANES) {
    for (size_t pass = 0; pass < PASSES; pass++) {
      _Pragma("clang fp contract(off)") const double *at = rows + i + pass * GROUP;
      f64s rest, x;
      load_f64(at + term_count * stride, &rest);
      for (size_t row = 0; row < term_count; row++) {
        if (terms[row].weight == 0) continue;
        load_f64(at + row * stride, &x);
        rest = rest - terms[row].weight * x;
      }
      lanes[pass] = lanes[pass] + rest * rest;
      far += count_far(at, stride, terms, term_count, unit, &rest);
    }
  }
  out->square = sum_of_lanes((double *)&lanes[0], (double *)&lanes[PASSES - 1]);
  out->far = far;
}
