// Makes system calls that write fail, or ends the process at one of them. Preloaded into `transect`
// by tools/verify-faults; counts calls that concern files under a folder and no others.
//
// FAULT_ROOT  the folder, with its links resolved
// FAULT_LOG   a file outside it that takes a line for each call that counts
// FAULT_AT    which call, from 1; 0 for none
// FAULT_KIND  full: that call and all later ones fail with ENOSPC, a write after half its bytes
//             error: that call alone fails with EIO
//             kill: the process ends before that call; torn: a write does half before that
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static atomic_int calls;
static const char *root, *kind;
static int fault_at, log_descriptor = -1;

__attribute__((constructor)) static void begin(void) {
  root = getenv("FAULT_ROOT");
  kind = getenv("FAULT_KIND") ? getenv("FAULT_KIND") : "";
  fault_at = getenv("FAULT_AT") ? atoi(getenv("FAULT_AT")) : 0;
  const char *log = getenv("FAULT_LOG");
  if (log) log_descriptor = (int)syscall(SYS_open, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static bool is_kind(const char *name) { return strcmp(kind, name) == 0; }

static bool is_below_root(const char *path) {
  size_t length = root ? strlen(root) : 0;
  return length && strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static bool concerns_path(const char *path) {
  char here[PATH_MAX];
  if (!path || !root) return false;
  return path[0] == '/' ? is_below_root(path) : getcwd(here, sizeof here) && is_below_root(here);
}

static bool concerns(int descriptor) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
  ssize_t length = descriptor > 2 ? readlink(link, path, sizeof path - 1) : -1;
  if (length < 0) return false;
  path[length] = 0;
  return is_below_root(path);
}

enum verdict { PROCEED, HALF, FAIL };

// Counts a call; whether and how it fails. Does not return where the process ends.
static enum verdict judge(const char *call, bool writes) {
  int number = atomic_fetch_add(&calls, 1) + 1;
  char line[128];
  int length = snprintf(line, sizeof line, "%s\n", call);
  if (log_descriptor >= 0) syscall(SYS_write, log_descriptor, line, (size_t)length);
  if (fault_at == 0 || number < fault_at) return PROCEED;
  if (is_kind("full")) {
    errno = ENOSPC;
    return number == fault_at && writes ? HALF : FAIL;
  }
  if (number > fault_at) return PROCEED;
  if (is_kind("error")) {
    errno = EIO;
    return FAIL;
  }
  if (is_kind("torn") && writes) return HALF;
  if (is_kind("kill") || is_kind("torn")) syscall(SYS_kill, getpid(), SIGKILL);
  return PROCEED;
}

static void end_if_torn(void) {
  if (is_kind("torn")) syscall(SYS_kill, getpid(), SIGKILL);
}

ssize_t write(int descriptor, const void *bytes, size_t count) {
  enum verdict verdict = concerns(descriptor) ? judge("write", true) : PROCEED;
  if (verdict == FAIL || (verdict == HALF && count < 2 && is_kind("full"))) return -1;
  ssize_t done = syscall(SYS_write, descriptor, bytes, verdict == HALF ? count / 2 : count);
  if (verdict == HALF) end_if_torn();
  return done;
}

ssize_t pwrite(int descriptor, const void *bytes, size_t count, off_t offset) {
  enum verdict verdict = concerns(descriptor) ? judge("pwrite", true) : PROCEED;
  if (verdict == FAIL || (verdict == HALF && count < 2 && is_kind("full"))) return -1;
  ssize_t done = syscall(SYS_pwrite64, descriptor, bytes, verdict == HALF ? count / 2 : count, offset);
  if (verdict == HALF) end_if_torn();
  return done;
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t count, off64_t offset) {
  return pwrite(descriptor, bytes, count, offset);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
  if (concerns(descriptor) && judge("writev", false) == FAIL) return -1;
  return syscall(SYS_writev, descriptor, parts, count);
}

ssize_t copy_file_range(int from, off64_t *in, int to, off64_t *out, size_t count, unsigned flags) {
  if (concerns(to) && judge("copy_file_range", false) == FAIL) return -1;
  return syscall(SYS_copy_file_range, from, in, to, out, count, flags);
}

ssize_t sendfile(int to, int from, off_t *offset, size_t count) {
  if (concerns(to) && judge("sendfile", false) == FAIL) return -1;
  return syscall(SYS_sendfile, to, from, offset, count);
}

int fsync(int descriptor) {
  if (concerns(descriptor) && judge("fsync", false) == FAIL) return -1;
  return (int)syscall(SYS_fsync, descriptor);
}

int fdatasync(int descriptor) {
  if (concerns(descriptor) && judge("fdatasync", false) == FAIL) return -1;
  return (int)syscall(SYS_fdatasync, descriptor);
}

int ftruncate(int descriptor, off_t length) {
  if (concerns(descriptor) && judge("ftruncate", false) == FAIL) return -1;
  return (int)syscall(SYS_ftruncate, descriptor, length);
}

int ftruncate64(int descriptor, off64_t length) { return ftruncate(descriptor, length); }

int rename(const char *from, const char *to) {
  if (concerns_path(to) && judge("rename", false) == FAIL) return -1;
  return (int)syscall(SYS_rename, from, to);
}

int renameat(int old_folder, const char *from, int new_folder, const char *to) {
  if (concerns_path(to) && judge("renameat", false) == FAIL) return -1;
  return (int)syscall(SYS_renameat, old_folder, from, new_folder, to);
}

int renameat2(int old_folder, const char *from, int new_folder, const char *to, unsigned flags) {
  if (concerns_path(to) && judge("renameat2", false) == FAIL) return -1;
  return (int)syscall(SYS_renameat2, old_folder, from, new_folder, to, flags);
}

int link(const char *from, const char *to) {
  if (concerns_path(to) && judge("link", false) == FAIL) return -1;
  return (int)syscall(SYS_link, from, to);
}

int symlink(const char *from, const char *to) {
  if (concerns_path(to) && judge("symlink", false) == FAIL) return -1;
  return (int)syscall(SYS_symlink, from, to);
}

int mkdir(const char *path, mode_t mode) {
  if (concerns_path(path) && judge("mkdir", false) == FAIL) return -1;
  return (int)syscall(SYS_mkdir, path, mode);
}

// Removing takes no room and fails on no full disk, but a process may end before it.
static bool is_ending(void) { return is_kind("kill") || is_kind("torn") || fault_at == 0; }

int unlink(const char *path) {
  if (is_ending() && concerns_path(path)) judge("unlink", false);
  return (int)syscall(SYS_unlink, path);
}

int rmdir(const char *path) {
  if (is_ending() && concerns_path(path)) judge("rmdir", false);
  return (int)syscall(SYS_rmdir, path);
}

static int open_at(int folder, const char *path, int flags, mode_t mode) {
  if (flags & O_CREAT && concerns_path(path) && judge("open", false) == FAIL) return -1;
  return (int)syscall(SYS_openat, folder, path, flags, mode);
}

static mode_t mode_in(int flags, va_list list) {
  return flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
}

#define OPEN(name)                                  \
  int name(const char *path, int flags, ...) {      \
    va_list list;                                   \
    va_start(list, flags);                          \
    mode_t mode = mode_in(flags, list);             \
    va_end(list);                                   \
    return open_at(AT_FDCWD, path, flags, mode);    \
  }
OPEN(open)
OPEN(open64)

int openat(int folder, const char *path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  mode_t mode = mode_in(flags, list);
  va_end(list);
  return open_at(folder, path, flags, mode);
}
