#ifndef COPENBLAS_H
#define COPENBLAS_H

// OpenBLAS's build without threads, whatever the system's alternatives choose.
#include <openblas-serial/cblas.h>

#include <lapacke.h>

#endif
