// All functions of one instruction set. Who includes this file defines
//
// CK_NAME(name)  the name of a function of this instruction set
// CK_BYTES       the size of a register
// CK_ROWS        how many rows and chunks the registers have room for: see Rows.inc.h

#define CK(name) CK_NAME(name##_bf16)
#define CK_ELEMENT uint16_t
#define CK_SCALAR float
#define CK_LANES CK_FLOATS
#define CK_TILE CK_ROWS
#define CK_UNROLL CK_CHUNKS
#define CK_IS_BF16 1
#include "Rows.inc.h"

#define CK(name) CK_NAME(name##_f32)
#define CK_ELEMENT float
#define CK_SCALAR float
#define CK_LANES CK_FLOATS
#define CK_TILE CK_ROWS
#define CK_UNROLL CK_CHUNKS
#define CK_IS_BF16 0
#include "Rows.inc.h"

#define CK(name) CK_NAME(name##_f64)
#define CK_ELEMENT double
#define CK_SCALAR double
#define CK_LANES CK_DOUBLES
#define CK_TILE CK_ROWS
#define CK_UNROLL CK_CHUNKS
#define CK_IS_BF16 0
#include "Rows.inc.h"

#undef CK_NAME
#undef CK_FLOATS
#undef CK_DOUBLES
#undef CK_ROWS
#undef CK_CHUNKS
#undef CK_MADD
