// The loops for 32 registers of 512 bits.
#if defined(__x86_64__)
#define GROUP 8
#define TABLE difference_loops_avx512
#define COMBINATION_TABLE combination_loops_avx512
#define TARGET target("arch=x86-64-v4"), min_vector_width(512)

#include "loops.h"
#endif
