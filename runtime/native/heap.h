#ifndef VZ_HEAP_H
#define VZ_HEAP_H

#include <stddef.h>

#include "quickjs.h"

/* Allocation functions for JS_NewRuntime2. */
extern const JSMallocFunctions vz_heap;
/* At the start, and in a forked child, whose every page is its parent's until it is written. */
void vz_heap_begin(void);
void vz_heap_forked(void);

#endif
