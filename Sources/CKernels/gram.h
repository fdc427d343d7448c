// Sums of products and of squared differences of all pairs of rows: what a Gram matrix is made of.

enum { STRIP = 4 };

// Row a against `width` rows from b on, in all lanes.
//
// `width` is a constant where this is inlined, so that the sums stay in registers. Nothing is
// contracted: rows may hold doubles, whose products are not exact.
INLINE void gram_strip(const double *a, const double *b, size_t stride, size_t count, size_t width,
                       double *products, double *squares) {
  f64s product[STRIP][PASSES], squared[STRIP][PASSES];
  for (size_t pass = 0; pass < PASSES; pass++) {
    f64s sum[STRIP] = {0}, distance[STRIP] = {0};
    for (size_t i = pass * GROUP; i < count; i += LANES) {
      f64s x, y;
      load_f64(a + i, &x);
      for (size_t row = 0; row < width; row++) {
        _Pragma("clang fp contract(off)") load_f64(b + row * stride + i, &y);
        f64s d = x - y;
        sum[row] = sum[row] + x * y;
        distance[row] = distance[row] + d * d;
      }
    }
    for (size_t row = 0; row < width; row++) {
      product[row][pass] = sum[row];
      squared[row][pass] = distance[row];
    }
  }
  for (size_t row = 0; row < width; row++) {
    products[row] = sum_of_lanes((double *)&product[row][0], (double *)&product[row][PASSES - 1]);
    squares[row] = sum_of_lanes((double *)&squared[row][0], (double *)&squared[row][PASSES - 1]);
  }
}

static void gram(const double *rows, size_t row_count, size_t stride, size_t count,
                 double *products, double *squares) {
  for (size_t first = 0; first < row_count; first++) {
    const double *a = rows + first * stride;
    for (size_t second = first; second < row_count;) {
      const double *b = rows + second * stride;
      size_t left = row_count - second, width = left < STRIP ? left : STRIP;
      switch (width) {
        case 1: gram_strip(a, b, stride, count, 1, products, squares); break;
        case 2: gram_strip(a, b, stride, count, 2, products, squares); break;
        case 3: gram_strip(a, b, stride, count, 3, products, squares); break;
        default: gram_strip(a, b, stride, count, STRIP, products, squares);
      }
      second += width;
      products += width;
      squares += width;
    }
  }
}
