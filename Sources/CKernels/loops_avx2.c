// The loops for 16 registers of 256 bits.
#if defined(__x86_64__)
#define GROUP 4
#define TABLE difference_loops_avx2
#define COMBINATION_TABLE combination_loops_avx2
#define TARGET target("arch=x86-64-v3")

#include "loops.h"
#endif
