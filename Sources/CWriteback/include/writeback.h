// What glibc declares only for GNU sources, where Swift cannot see it.
#ifndef WRITEBACK_H
#define WRITEBACK_H

// Lets the system begin to write a file's changed pages to the disk, and does not wait. What goes
// wrong, a later fsync reports.
void begin_writeback(int descriptor);

#endif
