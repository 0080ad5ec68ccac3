#ifndef SDMOE_CPNG_SHIM_H
#define SDMOE_CPNG_SHIM_H
#include <png.h>
#endif
