// OpenBLAS is loaded when it is first needed, so nothing here may call it: its routines are looked up by name, and
// the header says of which type they are.
#ifndef SDMOE_COPENBLAS_SHIM_H
#define SDMOE_COPENBLAS_SHIM_H
#if __has_include(<openblas/cblas.h>)
#include <openblas/cblas.h>
#else
#include <cblas.h>
#endif
#include <dlfcn.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#define COPENBLAS_ROUTINE(name) \
  typedef __attribute__((swift_attr("@Sendable"))) __typeof__(&name) copenblas_##name
COPENBLAS_ROUTINE(cblas_sgemm);
COPENBLAS_ROUTINE(cblas_dgemm);
COPENBLAS_ROUTINE(cblas_ssyrk);
COPENBLAS_ROUTINE(cblas_dsyrk);
COPENBLAS_ROUTINE(cblas_strsm);
COPENBLAS_ROUTINE(cblas_dtrsm);

// OpenBLAS's own calls; other libraries' cblas.h lacks them, and the last two stand in no header.
typedef void (*copenblas_set_num_threads)(int);
typedef char *(*copenblas_get_text)(void);
typedef void *(*copenblas_memory_alloc)(int);
typedef void (*copenblas_memory_free)(void *);

// The flag is a macro on some systems.
static inline void *copenblas_load(const char *library) {
  return dlopen(library, RTLD_NOW | RTLD_GLOBAL);
}

// What bears a name in the libraries that are loaded; RTLD_DEFAULT is hidden from Swift or a macro that casts.
static inline void *copenblas_find(const char *name) {
#ifdef __APPLE__
  return dlsym((void *)-2, name);
#else
  return dlsym((void *)0, name);
#endif
}

// Glibc's malloc.h is not part of Swift's Glibc module.
static inline void copenblas_use_one_arena(void) {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 1);
#endif
}

static inline void copenblas_keep_memory(void) {
#ifdef __GLIBC__
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  // Only the main arena can hold more than 64 MB in one piece; others give memory back.
  mallopt(M_ARENA_MAX, 1);
#endif
}
#endif
