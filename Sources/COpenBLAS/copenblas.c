// A C target needs one source file; everything here is the libraries'.
#include "copenblas.h"
