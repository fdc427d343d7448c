// The loops for 32 registers of 512 bits.
#if defined(__x86_64__)
#define LANES 16
#define TILE_ROWS 12
#define TABLE layer_loops_avx512
#define TARGET target("arch=x86-64-v4"), min_vector_width(512)

#include "loops.h"
#endif
