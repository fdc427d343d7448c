#include "copenblas.h"

#include <pthread.h>

// The build without threads takes no lock where it hands out the buffers into which products pack
// their factors: two threads that call it at once may get the same one, and wrong products. The
// linker sends those calls here (--wrap in Package.swift).

void *__real_blas_memory_alloc(int kind);
void __real_blas_memory_free(void *buffer);

static pthread_mutex_t buffers = PTHREAD_MUTEX_INITIALIZER;

void *__wrap_blas_memory_alloc(int kind) {
  pthread_mutex_lock(&buffers);
  void *buffer = __real_blas_memory_alloc(kind);
  pthread_mutex_unlock(&buffers);
  return buffer;
}

void __wrap_blas_memory_free(void *buffer) {
  pthread_mutex_lock(&buffers);
  __real_blas_memory_free(buffer);
  pthread_mutex_unlock(&buffers);
}
