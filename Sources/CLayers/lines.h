// Factors of products on their way into blocks and panels.

// Rows of the first factor of a product, or columns of the second: input i of line l is
// elements[l * stride + i] where inputs lie along lines, or else elements[i * stride + l].
struct lines {
  const float *elements;
  size_t stride;
  size_t inputs;
  bool are_along;
};

INLINE const float *input_of(const struct lines *from, size_t line, size_t input) {
  return from->elements +
         (from->are_along ? line * from->stride + input : input * from->stride + line);
}

// A square of LANES rows becomes its columns.
INLINE void transpose_square(f32s *square) {
  UNROLLED for (int step = 1; step < LANES; step *= 2) {
    UNROLLED for (int i = 0; i < LANES; i++) {
      if (i & step) continue;
      exchange(&square[i], &square[i + step], step);
    }
  }
}
