#ifndef VZ_HEAP_H
#define VZ_HEAP_H

#include <stddef.h>

#include "quickjs.h"

/* Allocation functions for JS_NewRuntime2. */
extern const JSMallocFunctions vz_heap;

#endif
