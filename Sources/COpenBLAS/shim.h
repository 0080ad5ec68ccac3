// Debian names OpenBLAS's own header cblas.h; the thread and configuration calls are declared there too.
#ifndef SDMOE_COPENBLAS_SHIM_H
#define SDMOE_COPENBLAS_SHIM_H
#include <cblas.h>
#endif
