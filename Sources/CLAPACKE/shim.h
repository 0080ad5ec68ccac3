// `lapack_int` is a macro, which Swift cannot import: a typedef gives it a name.
#ifndef SDMOE_CLAPACKE_SHIM_H
#define SDMOE_CLAPACKE_SHIM_H
#include <lapacke.h>
typedef lapack_int clapacke_int;

// glibc hides dladdr from programs that do not ask for GNU extensions, and Swift's import of it does not:
// the function is declared here under a name of our own.
typedef struct {
  const char *library;
  void *library_base;
  const char *symbol;
  void *address;
} clapacke_symbol;
#ifdef __APPLE__
int clapacke_dladdr(const void *address, clapacke_symbol *symbol) __asm__("_dladdr");
#else
int clapacke_dladdr(const void *address, clapacke_symbol *symbol) __asm__("dladdr");
#endif
#endif
