#define _GNU_SOURCE

#include "temporaries.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SLOTS = 4096, ATTEMPTS = 100, LISTING_BYTES = 4096 };

// Whoever takes a path out of its slot owns it: the handler never meets one that was freed.
static _Atomic(char *) paths[SLOTS];
static atomic_int exit_code;
static pthread_once_t handlers_once = PTHREAD_ONCE_INIT;
static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
enum { SIGNALS = sizeof signals / sizeof signals[0] };

// As the system call gives it; opendir and readdir allocate.
struct listed {
  uint64_t inode;
  int64_t next;
  unsigned short length;
  unsigned char type;
  char name[];
};

static void empty_folder(int folder) {
  _Alignas(struct listed) char listing[LISTING_BYTES];
  long size;
  while ((size = syscall(SYS_getdents64, folder, listing, sizeof listing)) > 0) {
    for (long at = 0; at < size;) {
      const struct listed *entry = (const struct listed *)(listing + at);
      unlinkat(folder, entry->name, 0);
      at += entry->length;
    }
  }
}

static void remove_folder(const char *path) {
  // Threads that go on may add files meanwhile.
  for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
    int folder = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (folder < 0) return;
    empty_folder(folder);
    close(folder);
    if (rmdir(path) == 0) return;
  }
}

static void remove_all(int signal_number) {
  for (int i = 0; i < SLOTS; i++) {
    const char *path = atomic_exchange(&paths[i], NULL);
    if (path && unlink(path) != 0) remove_folder(path);
  }
  if (exit_code) {
    static const char message[] = "transect: interrupted; the same command goes on from here\n";
    if (write(STDERR_FILENO, message, sizeof message - 1) < 0) _exit(exit_code);
    _exit(exit_code);
  }
  // Blocked until this returns; then it ends the process as if there had been no handler.
  signal(signal_number, SIG_DFL);
  raise(signal_number);
}

static void install_handlers(void) {
  struct sigaction action = {.sa_handler = remove_all}, previous;
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < SIGNALS; i++) sigaddset(&action.sa_mask, signals[i]);
  for (int i = 0; i < SIGNALS; i++) {
    if (sigaction(signals[i], NULL, &previous) == 0 && previous.sa_handler == SIG_DFL) {
      sigaction(signals[i], &action, NULL);
    }
  }
}

int temporary_note(const char *path) {
  pthread_once(&handlers_once, install_handlers);
  char *copy = strdup(path);
  for (int i = 0; copy && i < SLOTS; i++) {
    char *none = NULL;
    if (atomic_compare_exchange_strong(&paths[i], &none, copy)) return i;
  }
  free(copy);
  return -1;
}

void temporary_forget(int number) {
  if (number >= 0) free(atomic_exchange(&paths[number], NULL));
}

void exit_code_when_told_to_end(int code) {
  pthread_once(&handlers_once, install_handlers);
  exit_code = code;
}

bool folders_exchange(const char *first, const char *second) {
  return renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE) == 0;
}
