#ifndef SDMOE_CCRYPTO_SHIM_H
#define SDMOE_CCRYPTO_SHIM_H
#include <openssl/evp.h>
#endif
