// The loops for any processor of the architecture.
#define GROUP 4
#define TABLE difference_loops_baseline
#define COMBINATION_TABLE combination_loops_baseline

#include "loops.h"
