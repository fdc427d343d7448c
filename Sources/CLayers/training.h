// Steps of training: dropout, and descent along gradients.

enum { DROP_COUNTERS = 16, DROP_GROUP = 4 * DROP_COUNTERS };  // elements decided together

// Ten rounds of Philox 4x32 for each of the counters (16 g + i, site, step). Word w of counter i
// decides on element 64 g + 16 w + i. Source: Salmon, Moraes, Dror & Shaw 2011, "Parallel Random
// Numbers: As Easy as 1, 2, 3", section 3.3 and table 2.
static void random_words(const struct dropout *dropout, size_t group, uint32_t *words) {
  uint32_t *w0 = words, *w1 = w0 + DROP_COUNTERS, *w2 = w1 + DROP_COUNTERS, *w3 = w2 + DROP_COUNTERS;
  for (int i = 0; i < DROP_COUNTERS; i++) {
    w0[i] = (uint32_t)(group * DROP_COUNTERS + i);
    w1[i] = dropout->site;
    w2[i] = (uint32_t)dropout->step;
    w3[i] = (uint32_t)(dropout->step >> 32);
  }
  uint32_t key0 = dropout->seed[0], key1 = dropout->seed[1];
  for (int round = 0; round < 10; round++, key0 += 0x9E3779B9, key1 += 0xBB67AE85) {
    for (int i = 0; i < DROP_COUNTERS; i++) {
      uint64_t first = (uint64_t)w0[i] * 0xD2511F53, second = (uint64_t)w2[i] * 0xCD9E8D57;
      w0[i] = (uint32_t)(second >> 32) ^ w1[i] ^ key0;
      w1[i] = (uint32_t)second;
      w2[i] = (uint32_t)(first >> 32) ^ w3[i] ^ key1;
      w3[i] = (uint32_t)first;
    }
  }
}

static void drop(float *x, size_t first, size_t count, const struct dropout *dropout) {
  uint32_t words[DROP_GROUP];
  for (size_t group = first / DROP_GROUP; group * DROP_GROUP < first + count; group++) {
    random_words(dropout, group, words);
    size_t start = group * DROP_GROUP;
    size_t from = start < first ? first - start : 0;
    size_t to = smaller(DROP_GROUP, first + count - start);
    for (size_t i = from; i < to; i++) {
      float *element = x + (start + i - first);
      *element = words[i] >= dropout->threshold ? *element * dropout->scale : 0;
    }
  }
}

static void descend(float *parameters, const float *gradients, float *first_moments,
                    float *second_moments, size_t count, const struct descent *d) {
  for (size_t i = 0; i < count; i += LANES) {
    f32s parameter, gradient, first, second;
    load_some(parameters + i, count - i, 0, &parameter);
    load_some(gradients + i, count - i, 0, &gradient);
    load_some(first_moments + i, count - i, 0, &first);
    load_some(second_moments + i, count - i, 0, &second);
    gradient *= d->gradient_scale;
    first = first * d->beta1 + gradient * (1 - d->beta1);
    second = second * d->beta2 + gradient * gradient * (1 - d->beta2);
    f32s root = __builtin_elementwise_sqrt(second) * d->root_correction + d->epsilon;
    parameter = parameter * d->decay - first / root * d->step_size;
    store_some(&first, count - i, first_moments + i);
    store_some(&second, count - i, second_moments + i);
    store_some(&parameter, count - i, parameters + i);
  }
}

static double sum_of_squares(const float *x, size_t count) {
  f64s sums = 0;
  for (size_t i = 0; i < count; i += LANES) {
    f64s value;
    load_doubles(x + i, count - i, &value);
    sums += value * value;
  }
  return sum_of_doubles(&sums);
}
