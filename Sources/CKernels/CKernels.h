// Loops over the rows of a matrix W that BLAS does not have: thin products, with W in the type in which it is stored.
//
// Each is compiled once for every instruction set, and the caller says which one runs. Sums are added in an order
// that the instruction set and the shape fix, and nothing else: no thread is started, no state is kept.
//
// Thin factors have four vectors, each in a contiguous row. Vectors as long as W is wide hold `ck_padded(columns)`
// elements, zeros after the last, and of BF16 rows they are in the order of `ck_place`.
#ifndef SDMOE_CKERNELS_H
#define SDMOE_CKERNELS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
  ck_portable = 0, // what every processor of the architecture has
  ck_avx2 = 1,     // AVX2 and FMA
  ck_avx512 = 2,   // AVX-512 F
} ck_instruction_set;

// Whether this processor, and its system, have the instruction set.
bool ck_is_available(ck_instruction_set set);

// The vectors of a thin factor.
enum { ck_width = 4 };

// The length of vectors for so many columns.
static inline size_t ck_padded(size_t columns) { return (columns + 31) / 32 * 32; }

// Where in a vector the element of a column of BF16 rows stands: a register holds two of them in each 32-bit lane, and
// is taken apart into those of even and those of odd columns.
size_t ck_place(ck_instruction_set set, size_t column);

// The functions for rows of one type. `w` are `rows` rows of `columns` elements, `stride` elements apart.
//
// multiply: Y = W X. X and Y are vectors `x_stride` and `y_stride` elements apart.
// add:      Z += factor W^T Y.
// square:   Y = W X and Z += W^T Y, in one pass over W.
// norm:     the sum of the squares of so many elements, in double precision; NaN or infinite if an element is.
#define CK_DECLARE(type, element, scalar)                                                                            \
  void ck_multiply_##type(ck_instruction_set set, const element *w, size_t rows, size_t columns, size_t stride,      \
                          const scalar *x, size_t x_stride, scalar *y, size_t y_stride);                             \
  void ck_add_##type(ck_instruction_set set, const element *w, size_t rows, size_t columns, size_t stride,           \
                     const scalar *y, size_t y_stride, scalar factor, scalar *z, size_t z_stride);                   \
  void ck_square_##type(ck_instruction_set set, const element *w, size_t rows, size_t columns, size_t stride,        \
                        const scalar *x, scalar *z, size_t x_stride, scalar *y, size_t y_stride);                    \
  double ck_norm_##type(ck_instruction_set set, const element *w, size_t count)
CK_DECLARE(bf16, uint16_t, float);
CK_DECLARE(f32, float, float);
CK_DECLARE(f64, double, double);
#undef CK_DECLARE
#endif
