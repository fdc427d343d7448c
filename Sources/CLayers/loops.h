// All loops of one instruction set. Its file defines
//   LANES: floats in a vector, 4, 8 or 16
//   TILE_ROWS: rows whose sums fit into the registers, two vectors each
//   HAS_BF16: whether there are sums of products of bfloat16
//   TABLE: the table of loops to define
//   TARGET: attributes that select the instruction set; none for the compiler's default.
#include <float.h>
#include <math.h>
#include <string.h>

#include "instruction_tables.h"
#include "shapes.h"

#if HAS_BF16
#include <immintrin.h>
#endif

#ifdef TARGET
#pragma clang attribute push(__attribute__((TARGET)), apply_to = function)
#endif

#include "vectors.h"
#include "exponentials.h"
#include "activations.h"
#include "normalization.h"
#include "lines.h"
#include "precisions.h"

#define NAME(x) x##_f32
#include "tiles.h"
#include "products.h"
#undef NAME
#define NAME(x) x##_bf16
#include "tiles.h"
#include "products.h"
#undef NAME

#include "attention.h"
#include "gradients.h"
#include "training.h"

const struct layer_loops TABLE = {
    .f32 = {.multiply = multiply_f32, .likelihoods = likelihoods_f32, .product = product_f32},
    .bf16 = {.multiply = multiply_bf16, .likelihoods = likelihoods_bf16, .product = product_bf16},
    .normalize = normalize,
    .gelu_tanh = gelu_tanh,
    .gelu_erf = gelu_erf,
    .relu = relu,
    .exponential = map_exponential,
    .softmax = softmax,
    .log_softmax = log_softmax,
    .attend = attend,
    .attend_onward = attend_onward,
    .normalize_backward = normalize_backward,
    .gelu_tanh_backward = gelu_tanh_backward,
    .gelu_erf_backward = gelu_erf_backward,
    .relu_backward = relu_backward,
    .cross_entropy = cross_entropy,
    .attention_weights = attention_weights,
    .attention_weights_backward = attention_weights_backward,
    .add_rows = add_rows,
    .drop = drop,
    .descend = descend,
    .sum_of_squares = sum_of_squares,
};

#ifdef TARGET
#pragma clang attribute pop
#endif
