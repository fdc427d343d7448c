// Debian's zlib, as it imports; this header only names what is used of it.
#ifndef CZLIB_H
#define CZLIB_H

#include <zlib.h>

#endif
