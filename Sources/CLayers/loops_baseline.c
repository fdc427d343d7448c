// The loops for any processor of the architecture.
#define LANES 4
#define TILE_ROWS 4
#define TABLE layer_loops_baseline

#include "loops.h"
