// Debian names OpenBLAS's own header cblas.h; the thread and configuration calls are declared there too.
#ifndef SDMOE_COPENBLAS_SHIM_H
#define SDMOE_COPENBLAS_SHIM_H
#include <cblas.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

// Glibc's malloc.h is not part of Swift's Glibc module.
static inline void copenblas_keep_memory(void) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  // Only the main arena can hold more than 64 MB in one piece; others give memory back.
  mallopt(M_ARENA_MAX, 1);
#endif
}
#endif
