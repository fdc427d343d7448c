// The loops for 32 registers of 512 bits, where bfloat16 are multiplied in pairs.
#if defined(__x86_64__)
#define LANES 16
#define TILE_ROWS 12
#define HAS_BF16 1
#define TABLE layer_loops_avx512_bf16
#define TARGET target("arch=x86-64-v4,avx512bf16"), min_vector_width(512)

#include "loops.h"
#endif
