// What is left to do when the process is told to end: temporary files and folders go, and a run that
// can be taken up again says so.
//
// SIGINT, SIGTERM, SIGHUP and SIGQUIT end a process without running what its objects do at their
// end. While anything is noted here, a handler removes it and lets the signal take its course; a
// signal that is ignored, as under nohup, stays so. In C since a signal handler may neither
// allocate nor take a lock, which no Swift code can promise.
#ifndef TEMPORARIES_H
#define TEMPORARIES_H

#include <stdbool.h>

#pragma clang assume_nonnull begin

// Notes a file, or a folder that holds nothing but files. Gives the number to forget it by; -1 if
// as many as the table holds are noted already, or memory is short: then a signal leaves it.
int temporary_note(const char *path);

// Forgets what was noted; -1 is nothing.
void temporary_forget(int number);

// Lets two folders of one file system change places, at once. Whether they have; `errno` tells why
// not. Swift does not see renameat2.
bool folders_exchange(const char *first, const char *second);

// Whether the signals end the process with an exit code of its own, once what is noted is gone; 0
// lets them take their course. Such a run has on disk what it has finished, and needs no time to
// stop.
void exit_code_when_told_to_end(int code);

#pragma clang assume_nonnull end

#endif
