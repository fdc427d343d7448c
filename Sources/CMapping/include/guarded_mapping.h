// Read-only file mappings that survive the file shrinking under them.
//
// Touching a mapped page beyond the end of a file raises SIGBUS, which ends the process. Here a
// handler puts zero pages over the rest of the mapping and marks it, so that the reader goes on
// and finds out afterwards with guarded_mapping_is_broken. SIGBUS anywhere else ends the process
// as it would have. In C since a signal handler may neither allocate nor take a lock, which no
// Swift code can promise.
#ifndef GUARDED_MAPPING_H
#define GUARDED_MAPPING_H

#include <stdbool.h>
#include <stddef.h>

// One mapping. `address` is null if there is none.
struct guarded_mapping {
  const void *address;
  size_t length;
  int slot;
};

// Maps the first `length` bytes of `descriptor`; `address` is null if that cannot be done or
// if as many mappings as the table holds exist already.
struct guarded_mapping guarded_mapping_create(int descriptor, size_t length);

// Whether a page of the mapping was found missing since it was made.
bool guarded_mapping_is_broken(struct guarded_mapping mapping);

// Takes the pages of part `part` of `parts` out of memory's tables; touching brings them back.
void guarded_mapping_release(struct guarded_mapping mapping, size_t part, size_t parts);

void guarded_mapping_destroy(struct guarded_mapping mapping);

#endif
