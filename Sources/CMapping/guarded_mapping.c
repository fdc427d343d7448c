#include "guarded_mapping.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { SLOTS = 16384 };

struct slot {
  _Atomic(uintptr_t) start;  // 0: free
  _Atomic(uintptr_t) end;
  atomic_bool broken;
};

static struct slot slots[SLOTS];
static atomic_int used_slots;  // slots beyond this were never taken
static pthread_mutex_t slots_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t handler_once = PTHREAD_ONCE_INIT;
static struct sigaction previous_action;
static uintptr_t page_size;

static bool cover_with_zeros(uintptr_t from, uintptr_t end) {
  void *zeros = mmap((void *)from, end - from, PROT_READ,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);
  return zeros != MAP_FAILED;
}

static void handle_bus_error(int signal_number, siginfo_t *info, void *context) {
  uintptr_t fault = (uintptr_t)info->si_addr;
  int count = atomic_load(&used_slots);
  for (int i = 0; i < count; i++) {
    uintptr_t start = atomic_load(&slots[i].start);
    uintptr_t end = atomic_load(&slots[i].end);
    if (start == 0 || fault < start || fault >= end) continue;
    atomic_store(&slots[i].broken, true);
    if (cover_with_zeros(fault & ~(page_size - 1), end)) return;
  }
  // Not ours: the faulting access runs again, under whatever action was there before.
  sigaction(SIGBUS, &previous_action, NULL);
  (void)signal_number;
  (void)context;
}

static void install_handler(void) {
  page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
  struct sigaction action = {.sa_sigaction = handle_bus_error, .sa_flags = SA_SIGINFO};
  sigemptyset(&action.sa_mask);
  sigaction(SIGBUS, &action, &previous_action);
}

static int take_slot(uintptr_t start, uintptr_t end) {
  int found = -1;
  pthread_mutex_lock(&slots_lock);
  for (int i = 0; i < SLOTS && found < 0; i++) {
    if (atomic_load(&slots[i].start) == 0) found = i;
  }
  if (found >= 0) {
    atomic_store(&slots[found].broken, false);
    atomic_store(&slots[found].end, end);
    atomic_store(&slots[found].start, start);
    if (found >= atomic_load(&used_slots)) atomic_store(&used_slots, found + 1);
  }
  pthread_mutex_unlock(&slots_lock);
  return found;
}

struct guarded_mapping guarded_mapping_create(int descriptor, size_t length) {
  struct guarded_mapping none = {NULL, 0, -1};
  if (length == 0) return none;
  pthread_once(&handler_once, install_handler);
  void *address = mmap(NULL, length, PROT_READ, MAP_PRIVATE, descriptor, 0);
  if (address == MAP_FAILED) return none;
  uintptr_t start = (uintptr_t)address;
  uintptr_t end = (start + length + page_size - 1) & ~(page_size - 1);
  int slot = take_slot(start, end);
  if (slot < 0) {
    munmap(address, length);
    return none;
  }
  return (struct guarded_mapping){address, length, slot};
}

bool guarded_mapping_is_broken(struct guarded_mapping mapping) {
  return mapping.slot >= 0 && atomic_load(&slots[mapping.slot].broken);
}

void guarded_mapping_release(struct guarded_mapping mapping, size_t part, size_t parts) {
  uintptr_t start = (uintptr_t)mapping.address;
  size_t pages = (mapping.length + page_size - 1) / page_size;
  uintptr_t from = start + pages * part / parts * page_size;
  uintptr_t end = start + pages * (part + 1) / parts * page_size;
  // Advice: where it is refused, the pages stay until the mapping goes.
  madvise((void *)from, end - from, MADV_DONTNEED);
}

void guarded_mapping_destroy(struct guarded_mapping mapping) {
  if (mapping.slot < 0) return;
  // In this order, since the address may be mapped anew as soon as it is free.
  atomic_store(&slots[mapping.slot].start, 0);
  munmap((void *)mapping.address, mapping.length);
}
