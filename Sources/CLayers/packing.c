// Weights into panels. Every element is written on its own, so threads may pack different ranges.
#include <string.h>

#include "layer_loops.h"
#include "shapes.h"

static size_t steps_of_f32(size_t inputs) { return inputs; }
static size_t steps_of_bf16(size_t inputs) { return quotient_up(inputs, 2); }

// Where an element lies, in elements.
static size_t place_f32(size_t inputs, size_t input, size_t output) {
  return (output / PANEL * inputs + input) * PANEL + output % PANEL;
}

static size_t place_bf16(size_t inputs, size_t input, size_t output) {
  size_t step = output / PANEL * steps_of_bf16(inputs) + input / 2;
  return (step * PANEL + output % PANEL) * 2 + input % 2;
}

static float element_f32(float value) { return value; }

// The nearest bfloat16, ties to even; NaN stay NaN.
static uint16_t element_bf16(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000) return (uint16_t)(bits >> 16 | 0x40);
  return (uint16_t)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

static float value_f32(float element) { return element; }

static float value_bf16(uint16_t element) {
  uint32_t bits = (uint32_t)element << 16;
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

#define DEFINE_PACKING(TYPE, ELEMENT)                                                         \
  size_t packed_size_##TYPE(size_t inputs, size_t outputs) {                                  \
    return quotient_up(outputs, PANEL) * PANEL * steps_of_##TYPE(inputs);                     \
  }                                                                                           \
  void pack_inputs_##TYPE(const float *rows, size_t first, size_t count, size_t inputs,       \
                          size_t outputs, void *panels) {                                     \
    ELEMENT *to = panels;                                                                     \
    for (size_t row = 0; row < count; row++) {                                                \
      for (size_t output = 0; output < outputs; output++) {                                   \
        to[place_##TYPE(inputs, first + row, output)] =                                       \
            element_##TYPE(rows[row * outputs + output]);                                     \
      }                                                                                       \
    }                                                                                         \
  }                                                                                           \
  void pack_outputs_##TYPE(const float *rows, size_t first, size_t count, size_t inputs,      \
                           size_t outputs, void *panels) {                                    \
    ELEMENT *to = panels;                                                                     \
    for (size_t row = 0; row < count; row++) {                                                \
      for (size_t input = 0; input < inputs; input++) {                                       \
        to[place_##TYPE(inputs, input, first + row)] =                                        \
            element_##TYPE(rows[row * inputs + input]);                                       \
      }                                                                                       \
    }                                                                                         \
  }                                                                                           \
  float packed_weight_##TYPE(const void *panels, size_t inputs, size_t input, size_t output) { \
    return value_##TYPE(((const ELEMENT *)panels)[place_##TYPE(inputs, input, output)]);      \
  }

DEFINE_PACKING(f32, float)
DEFINE_PACKING(bf16, uint16_t)
