// The layers of a transformer, forwards and backwards: the loops that running and training a model
// spend their time in.
//
// In C because each is compiled for several instruction sets and chosen when the program runs.
// Matrices are row-major. For any number of positions computed at once a position has the same
// bits; instruction sets differ in them. PlainLayers.swift says the same in binary64.
#ifndef LAYER_LOOPS_H
#define LAYER_LOOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "instruction_set.h"

#pragma clang assume_nonnull begin

// A matrix of weights, [inputs, outputs], in panels of 32 columns: [panel][step][column]. A step
// is one binary32 weight, or two bfloat16 of adjacent inputs, the earlier one in the lower half.
// Columns and inputs that fill up the last panel and step are 0.
struct packed_weights {
  const void *panels;
  size_t inputs, outputs;
};

// A factor of a product where it lies: element [i][j] is elements[i * stride + j], or
// elements[j * stride + i] if what lies there is its transpose.
struct product_factor {
  const float *elements;
  size_t stride;
  bool is_transposed;
};

// Products at one precision, that of their factors; sums are binary32.
struct product_loops {
  // y = x w + bias, or y = y + (x w + bias). x: [positions, inputs], y: [positions, outputs]. Each
  // sum begins with 0 and runs over inputs in their order.
  void (*multiply)(const float *x, size_t positions, struct packed_weights weights,
                   const float *_Nullable bias, bool is_adding, float *y, void *scratch);

  // nll[p] = log(sum over w of exp(z[p][w])) - z[p][targets[p]], z being x w + bias.
  void (*likelihoods)(const float *x, size_t positions, struct packed_weights weights,
                      const float *_Nullable bias, const int32_t *targets, float *nll,
                      void *scratch);

  // c = a b, or c = c + a b. a: [rows, inner], b: [inner, columns]; rows of c are `stride` apart. Each
  // sum begins with 0 or what is in c, and runs over the inner extent in its order.
  // Factors are rounded to the precision on their way.
  void (*product)(struct product_factor a, struct product_factor b, size_t rows, size_t columns,
                  size_t inner, bool is_adding, float *c, size_t stride, void *scratch);
};

// Which elements a dropout leaves: element i of the array `site` at a step is left if word i of the
// random numbers that seed, site and step give is at least `threshold`, and multiplied by `scale`.
struct dropout {
  uint32_t seed[2];
  uint32_t site;
  uint32_t threshold;
  uint64_t step;
  float scale;
};

// One step of AdamW; see the Swift function of the same purpose.
struct descent {
  float gradient_scale;      // what gradients are multiplied by first
  float beta1, beta2;        // how much of the moments is kept
  float step_size;           // the learning rate over 1 - beta1^t
  float root_correction;     // 1 / sqrt(1 - beta2^t)
  float epsilon;
  float decay;               // what is left of a weight: 1 - learning rate * weight decay
};

// The loops of one instruction set.
struct layer_loops {
  struct product_loops f32, bf16;

  // y[p][c] = (x[p][c] - mean[p]) / sqrt(variance[p] + epsilon) * weight[c] + bias[c], in binary64,
  // rounded once. y may be x.
  void (*normalize)(const float *x, size_t positions, size_t channels, const float *weight,
                    const float *bias, float epsilon, float *y);

  // In place: the Gaussian unit by its approximation with tanh, the one with erf, and max(x, 0).
  void (*gelu_tanh)(float *x, size_t count);
  void (*gelu_erf)(float *x, size_t count);
  void (*relu)(float *x, size_t count);

  // y[i] = exp(x[i]), in place, within 1 ulp; below 2^-126 within 2^-149.
  void (*exponential)(float *x, size_t count);

  // In place: exp(x[i]) / sum of exp(x[j]), and its logarithm.
  void (*softmax)(float *x, size_t count);
  void (*log_softmax)(float *x, size_t count);

  // Multi-head attention of one sequence. qkv: [positions, 3 * heads * head_width], out:
  // [positions, heads * head_width]. `is_causal`: positions attend to themselves and those before.
  void (*attend)(const float *qkv, size_t positions, size_t heads, size_t head_width,
                 bool is_causal, float *out, void *scratch);

  // The same, causal, for `count` positions from `first` on; cache holds keys and values of all
  // before them, and takes theirs. It has attention_cache_size floats, and the capacity that it was
  // filled with. qkv: [count, 3 * heads * head_width], out: [count, heads * head_width].
  void (*attend_onward)(const float *qkv, size_t first, size_t count, size_t capacity, size_t heads,
                        size_t head_width, float *cache, float *out, void *scratch);

  // Backward passes. What is called dz is the gradient by z.

  // Of normalize: dx, dweight and dbias are added to, sums running over positions in their order.
  void (*normalize_backward)(const float *x, const float *dy, size_t positions, size_t channels,
                             const float *weight, float epsilon, float *dx, float *dweight,
                             float *dbias);

  // Of the activations: dy[i] is multiplied by the slope at x[i].
  void (*gelu_tanh_backward)(const float *x, float *dy, size_t count);
  void (*gelu_erf_backward)(const float *x, float *dy, size_t count);
  void (*relu_backward)(const float *x, float *dy, size_t count);

  // Returns the negative log-likelihood of a target, and replaces logits by `scale` times its gradient.
  float (*cross_entropy)(float *logits, size_t count, size_t target, float scale);

  // A row of attention: scores to weights and back, for the first `reach` of `count`; others are 0.
  void (*attention_weights)(float *scores, size_t reach, size_t count, float scale);
  void (*attention_weights_backward)(const float *weights, float *dweights, size_t reach,
                                     size_t count, float scale);

  // sums[c] += x[p][c] over positions in their order; rows of x are `stride` apart.
  void (*add_rows)(const float *x, size_t positions, size_t stride, size_t columns, float *sums);

  // Applies a dropout to the elements first, first + 1, ... of its array, in place.
  void (*drop)(float *x, size_t first, size_t count, const struct dropout *dropout);

  // One step of AdamW on some parameters.
  void (*descend)(float *parameters, const float *gradients, float *first_moments,
                  float *second_moments, size_t count, const struct descent *descent);

  // The sum of squares in binary64.
  double (*sum_of_squares)(const float *x, size_t count);
};

// The loops of an instruction set, or null if this processor lacks it.
const struct layer_loops *_Nullable layer_loops_of_instruction_set(enum instruction_set set);

// Elements of 32 bits that packed weights take: binary32, and bfloat16.
size_t packed_size_f32(size_t inputs, size_t outputs);
size_t packed_size_bf16(size_t inputs, size_t outputs);

// Puts rows [count, outputs] in the place of the inputs from `first` on.
void pack_inputs_f32(const float *rows, size_t first, size_t count, size_t inputs, size_t outputs,
                     void *panels);
void pack_inputs_bf16(const float *rows, size_t first, size_t count, size_t inputs, size_t outputs,
                      void *panels);

// Puts rows [count, inputs] in the place of the outputs from `first` on.
void pack_outputs_f32(const float *rows, size_t first, size_t count, size_t inputs, size_t outputs,
                      void *panels);
void pack_outputs_bf16(const float *rows, size_t first, size_t count, size_t inputs,
                       size_t outputs, void *panels);

// The weight at a place, as packed.
float packed_weight_f32(const void *panels, size_t inputs, size_t input, size_t output);
float packed_weight_bf16(const void *panels, size_t inputs, size_t input, size_t output);

// Bytes of scratch, on a cache line, that products and attention take.
size_t product_scratch(void);
size_t factor_scratch(void);
size_t attention_scratch(size_t positions, size_t head_width);

// Floats that keys and values of a layer take for as many positions as `capacity`.
size_t attention_cache_size(size_t capacity, size_t heads, size_t head_width);

#pragma clang assume_nonnull end

#endif
