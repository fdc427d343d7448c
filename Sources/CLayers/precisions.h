// What the precisions of products differ in: how inputs become steps, and what a step adds.

enum { inputs_of_step_f32 = 1, inputs_of_step_bf16 = 2 };

INLINE size_t steps_of_f32(size_t inputs) { return inputs; }
INLINE size_t steps_of_bf16(size_t inputs) { return quotient_up(inputs, 2); }

INLINE void multiply_add_f32(const u32s *a, const u32s *b, f32s *sums) {
  *sums += (f32s)*a * (f32s)*b;
}

INLINE void copy_row_f32(const float *x, size_t inputs, size_t first, size_t steps,
                         uint32_t *row) {
  memcpy(row, x + first, steps * sizeof(float));
}

#if HAS_BF16
INLINE void multiply_add_bf16(const u32s *a, const u32s *b, f32s *sums) {
  *sums = (f32s)_mm512_dpbf16_ps((__m512)*sums, (__m512bh)*a, (__m512bh)*b);
}
#else
INLINE void multiply_add_bf16(const u32s *a, const u32s *b, f32s *sums) {
  *sums += (f32s)(*a << 16) * (f32s)(*b << 16);
  *sums += (f32s)(*a & 0xffff0000) * (f32s)(*b & 0xffff0000);
}
#endif

// The upper half of each float, rounded to the nearest, ties to even, moved to the lower one; NaN stay.
INLINE void round_to_bf16(u32s *bits) {
  u32s rounded = (*bits + 0x7fff + ((*bits >> 16) & 1)) >> 16;
  *bits = (*bits & 0x7fffffff) > 0x7f800000 ? (*bits >> 16 | 0x40) : rounded;
}

// Pairs of a step are adjacent in x too. Writes up to a vector beyond the row, which has room.
INLINE void copy_row_bf16(const float *x, size_t inputs, size_t first, size_t steps,
                          uint32_t *row) {
  size_t count = smaller(2 * steps, inputs - 2 * first);
  for (size_t i = 0; i < count; i += LANES) {
    f32s value;
    load_some(x + 2 * first + i, count - i, 0, &value);
    u32s bits = (u32s)value;
    round_to_bf16(&bits);
    u16s halves = __builtin_convertvector(bits, u16s);
    memcpy((char *)row + 2 * i, &halves, sizeof halves);
  }
}

// One step of `count` lines side by side: of those at least LANES, or one whichever way inputs lie.
INLINE void load_step_f32(const struct lines *from, size_t line, size_t count, size_t step,
                          f32s *found) {
  load_some(input_of(from, line, step), count, 0, found);
}

INLINE void load_step_bf16(const struct lines *from, size_t line, size_t count, size_t step,
                           f32s *found) {
  f32s low, high = 0;
  load_some(input_of(from, line, 2 * step), count, 0, &low);
  if (2 * step + 1 < from->inputs) {
    load_some(input_of(from, line, 2 * step + 1), count, 0, &high);
  }
  u32s low_bits = (u32s)low, high_bits = (u32s)high;
  round_to_bf16(&low_bits);
  round_to_bf16(&high_bits);
  *found = (f32s)(low_bits | high_bits << 16);
}

// LANES steps of a line along which inputs lie, which has as many.
INLINE void load_steps_f32(const struct lines *from, size_t line, size_t step, f32s *found) {
  load(input_of(from, line, step), found);
}

INLINE void load_steps_bf16(const struct lines *from, size_t line, size_t step, f32s *found) {
  f32s early, late;
  load(input_of(from, line, 2 * step), &early);
  load(input_of(from, line, 2 * step + LANES), &late);
  u32s early_bits = (u32s)early, late_bits = (u32s)late;
  round_to_bf16(&early_bits);
  round_to_bf16(&late_bits);
  pairs_of_u16s halves;
  halves.lo = __builtin_convertvector(early_bits, u16s);
  halves.hi = __builtin_convertvector(late_bits, u16s);
  *found = (f32s)halves;
}
