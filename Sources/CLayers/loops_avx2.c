// The loops for 16 registers of 256 bits.
#if defined(__x86_64__)
#define LANES 8
#define TILE_ROWS 6
#define TABLE layer_loops_avx2
#define TARGET target("arch=x86-64-v3")

#include "loops.h"
#endif
