// Maps two files of one size and adds up their bytes on two threads: the time that any program
// needs that looks at each byte once. Usage: read_loop A B
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>

enum { CHUNK = 1 << 20, AHEAD = 1024, STEP = 64 };
typedef uint64_t lanes __attribute__((vector_size(32), aligned(1)));

static const char *files[2];
static size_t length;
static atomic_size_t next_chunk;
static uint64_t sums[2];

__attribute__((target_clones("avx2", "default"))) static void add_chunks(uint64_t *sum) {
  lanes even = {0}, odd = {0};
  size_t start;
  while ((start = atomic_fetch_add(&next_chunk, CHUNK)) < length) {
    size_t end = start + CHUNK < length ? start + CHUNK : length;
    for (size_t i = start; i + STEP <= end; i += STEP) {
      for (int file = 0; file < 2; file++) {
        __builtin_prefetch(files[file] + i + AHEAD);
        even += *(const lanes *)(files[file] + i);
        odd += *(const lanes *)(files[file] + i + STEP / 2);
      }
    }
  }
  even += odd;
  *sum = even[0] + even[1] + even[2] + even[3];
}

static void *work(void *sum) {
  add_chunks(sum);
  return NULL;
}

int main(int count, char **arguments) {
  if (count != 3) return 64;
  for (int file = 0; file < 2; file++) {
    struct stat status;
    int descriptor = open(arguments[1 + file], O_RDONLY);
    if (descriptor < 0 || fstat(descriptor, &status) != 0) return 2;
    length = (size_t)status.st_size;
    files[file] = mmap(NULL, length, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (files[file] == MAP_FAILED) return 2;
  }
  pthread_t thread;
  pthread_create(&thread, NULL, work, &sums[1]);
  work(&sums[0]);
  pthread_join(thread, NULL);
  printf("%llx\n", (unsigned long long)(sums[0] + sums[1]));
  return 0;
}
