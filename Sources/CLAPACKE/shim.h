// LAPACKE is loaded when it is first needed, so nothing here may call it: its routines are looked up by name, and the
// header says of which type they are.
#ifndef SDMOE_CLAPACKE_SHIM_H
#define SDMOE_CLAPACKE_SHIM_H
#if __has_include(<openblas/lapacke.h>)
#include <openblas/lapacke.h>
#else
#include <lapacke.h>
#endif

// `lapack_int` is a macro, which Swift cannot import: a typedef gives it a name.
typedef lapack_int clapacke_int;

#define CLAPACKE_ROUTINE(name) \
  typedef __attribute__((swift_attr("@Sendable"))) __typeof__(&name) clapacke_##name
CLAPACKE_ROUTINE(LAPACKE_spotrf);
CLAPACKE_ROUTINE(LAPACKE_dpotrf);
CLAPACKE_ROUTINE(LAPACKE_sgesdd);
CLAPACKE_ROUTINE(LAPACKE_dgesdd);
CLAPACKE_ROUTINE(LAPACKE_ssyevr);
CLAPACKE_ROUTINE(LAPACKE_dsyevr);
CLAPACKE_ROUTINE(LAPACKE_ssyevd);
CLAPACKE_ROUTINE(LAPACKE_dsyevd);
CLAPACKE_ROUTINE(LAPACKE_sgelqf);
CLAPACKE_ROUTINE(LAPACKE_dgelqf);
CLAPACKE_ROUTINE(LAPACKE_sorglq);
CLAPACKE_ROUTINE(LAPACKE_dorglq);

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
