// How fast the loops of Sources/CLayers are: products beside OpenBLAS's, and the other layers.
//
//   layer_loops [threads]: each thread computes on its own part of the positions.
#include <openblas-serial/cblas.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "layer_loops.h"

enum { MOST_THREADS = 16, ROUNDS = 7 };

// What one thread works on.
struct work {
  const struct layer_loops *loops;
  size_t positions, inputs, outputs;
  const float *x, *weights;
  const void *f32_panels, *bf16_panels;
  const int32_t *targets;
  float *y;
  void *scratch;
};

typedef void layer(const struct work *);

static void ours(const struct work *w) {
  struct packed_weights weights = {w->f32_panels, w->inputs, w->outputs};
  w->loops->f32.multiply(w->x, w->positions, weights, NULL, false, w->y, w->scratch);
}

static void ours_bf16(const struct work *w) {
  struct packed_weights weights = {w->bf16_panels, w->inputs, w->outputs};
  w->loops->bf16.multiply(w->x, w->positions, weights, NULL, false, w->y, w->scratch);
}

static void openblas(const struct work *w) {
  int m = (int)w->positions, n = (int)w->outputs, k = (int)w->inputs;
  if (m == 1) {
    cblas_sgemv(CblasRowMajor, CblasTrans, k, n, 1, w->weights, n, w->x, 1, 0, w->y, 1);
  } else {
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, m, n, k, 1, w->x, k, w->weights, n, 0,
                w->y, n);
  }
}

static void likelihoods(const struct work *w) {
  struct packed_weights weights = {w->f32_panels, w->inputs, w->outputs};
  w->loops->f32.likelihoods(w->x, w->positions, weights, NULL, w->targets, w->y, w->scratch);
}

static void likelihoods_bf16(const struct work *w) {
  struct packed_weights weights = {w->bf16_panels, w->inputs, w->outputs};
  w->loops->bf16.likelihoods(w->x, w->positions, weights, NULL, w->targets, w->y, w->scratch);
}

static void attention(const struct work *w) {
  w->loops->attend(w->x, w->positions, 12, 64, true, w->y, w->scratch);
}

static void normalization(const struct work *w) {
  w->loops->normalize(w->x, w->positions, w->inputs, w->weights, w->weights, 1e-5f, w->y);
}

static void gelu_tanh(const struct work *w) { w->loops->gelu_tanh(w->y, w->positions * w->inputs); }
static void gelu_erf(const struct work *w) { w->loops->gelu_erf(w->y, w->positions * w->inputs); }

struct job {
  layer *layer;
  struct work work;
};

static void *run(void *job) {
  struct job *j = job;
  j->layer(&j->work);
  return NULL;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// The least time of a layer on so many threads, each with all of its positions.
static double time_of(layer *layer, const struct work *works, size_t threads, double operations) {
  size_t repeats = operations > 1e9 ? 1 : operations > 2e7 ? 20 : 200;
  double best = 1e9;
  for (int round = 0; round < ROUNDS; round++) {
    double start = seconds();
    for (size_t repeat = 0; repeat < repeats; repeat++) {
      pthread_t ids[MOST_THREADS];
      struct job jobs[MOST_THREADS];
      for (size_t t = 0; t < threads; t++) jobs[t] = (struct job){layer, works[t]};
      for (size_t t = 1; t < threads; t++) pthread_create(&ids[t], NULL, run, &jobs[t]);
      run(&jobs[0]);
      for (size_t t = 1; t < threads; t++) pthread_join(ids[t], NULL);
    }
    double elapsed = (seconds() - start) / (double)repeats;
    if (elapsed < best) best = elapsed;
  }
  return best;
}

static void *allocate(size_t bytes) {
  size_t page = 1 << 21;
  void *memory = aligned_alloc(page, (bytes + page) / page * page);
  madvise(memory, bytes, MADV_HUGEPAGE);
  memset(memory, 0, bytes);
  return memory;
}

static float *random_floats(size_t count) {
  float *floats = allocate(count * sizeof(float));
  for (size_t i = 0; i < count; i++) floats[i] = (float)((double)rand() / RAND_MAX - 0.5);
  return floats;
}

static struct work buffers_for_anything(const struct layer_loops *loops) {
  size_t most_weights = (size_t)50257 * 768;
  struct work work = {.loops = loops, .x = random_floats(2048 * 3072)};
  work.weights = random_floats(most_weights);
  work.f32_panels = allocate(4 * packed_size_f32(768, 50257));
  work.bf16_panels = allocate(4 * packed_size_bf16(768, 50257));
  int32_t *targets = allocate(2048 * sizeof *targets);
  for (int i = 0; i < 2048; i++) targets[i] = rand() % 768;
  work.targets = targets;
  return work;
}

static void split(const struct work *work, size_t threads, struct work *works) {
  for (size_t t = 0; t < threads; t++) {
    works[t] = *work;
    works[t].y = allocate(work->positions * (work->outputs + work->inputs) * sizeof(float));
    works[t].scratch = allocate(product_scratch() + attention_scratch(work->positions, 64));
  }
}

static void free_split(struct work *works, size_t threads) {
  for (size_t t = 0; t < threads; t++) {
    free(works[t].y);
    free(works[t].scratch);
  }
}

static void measure_shape(struct work *work, size_t threads, bool is_head) {
  struct work works[MOST_THREADS];
  pack_inputs_f32(work->weights, 0, work->inputs, work->inputs, work->outputs,
                  (void *)work->f32_panels);
  pack_inputs_bf16(work->weights, 0, work->inputs, work->inputs, work->outputs,
                   (void *)work->bf16_panels);
  split(work, threads, works);
  double operations = 2.0 * (double)(work->positions * work->inputs * work->outputs);
  layer *layers[] = {ours, ours_bf16, openblas, likelihoods, likelihoods_bf16};
  printf("%5zu x %5zu x %4zu |", work->positions, work->outputs, work->inputs);
  for (int i = 0; i < (is_head ? 5 : 3); i++) {
    double time = time_of(layers[i], works, threads, operations);
    printf(" %6.1f |", operations * (double)threads / time / 1e9);
  }
  puts("");
  fflush(stdout);
  free_split(works, threads);
}

static void measure_others(struct work *work, size_t threads) {
  struct work works[MOST_THREADS];
  layer *layers[] = {attention, normalization, gelu_tanh, gelu_erf};
  const char *names[] = {"attention, 12 heads of 64", "layer norm of 768", "gelu_tanh of 768",
                         "gelu_erf of 768"};
  work->inputs = work->outputs = 768;
  for (work->positions = 256; work->positions <= 1024; work->positions *= 4) {
    split(work, threads, works);
    for (int i = 0; i < 4; i++) {
      double time = time_of(layers[i], works, threads, 1e8);
      printf("%-26s %4zu positions: %8.1f us, %.0f ns each\n", names[i], work->positions,
             time * 1e6, time / (double)work->positions * 1e9);
    }
    free_split(works, threads);
  }
}

int main(int count, char **arguments) {
  size_t threads = count > 1 ? (size_t)atoi(arguments[1]) : 1;
  enum instruction_set set = count > 2 ? (enum instruction_set)atoi(arguments[2])
                                       : INSTRUCTION_SET_AVX512_BF16;
  const struct layer_loops *loops = layer_loops_of_instruction_set(set);
  if (threads < 1 || threads > MOST_THREADS || !loops) return 1;
  const size_t shapes[][3] = {
      {2048, 768, 768},  {2048, 2304, 768}, {2048, 3072, 768}, {2048, 768, 3072}, {512, 768, 768},
      {512, 2304, 768},  {512, 3072, 768},  {512, 768, 3072},  {512, 50257, 768}, {64, 3072, 768},
      {11, 3072, 768},   {4, 3072, 768},    {1, 3072, 768},    {1, 768, 3072},    {1, 50257, 768}};
  struct work work = buffers_for_anything(loops);
  puts("positions x outputs x inputs, GFLOP/s: f32 | bf16 | OpenBLAS f32 | likelihoods f32 | bf16");
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    work.positions = shapes[i][0];
    work.outputs = shapes[i][1];
    work.inputs = shapes[i][2];
    measure_shape(&work, threads, shapes[i][1] == 50257);
  }
  measure_others(&work, threads);
}
