#include "CKernels.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "BF16 rows are decoded in pairs, the lower half first");

#define CK_FUNCTION static __attribute__((noinline))
#define CK_INLINE static inline __attribute__((always_inline))

// The lanes of two registers with even numbers, and with odd ones.
#define CK_EVEN(lanes, a, b) CK_PASTE(CK_EVEN_, lanes)(a, b)
#define CK_ODD(lanes, a, b) CK_PASTE(CK_ODD_, lanes)(a, b)
#define CK_PASTE(a, b) CK_PASTE_2(a, b)
#define CK_PASTE_2(a, b) a##b
#define CK_EVEN_2(a, b) __builtin_shufflevector(a, b, 0, 2)
#define CK_ODD_2(a, b) __builtin_shufflevector(a, b, 1, 3)
#define CK_EVEN_4(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6)
#define CK_ODD_4(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7)
#define CK_EVEN_8(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14)
#define CK_ODD_8(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15)
#define CK_EVEN_16(a, b) __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30)
#define CK_ODD_16(a, b) __builtin_shufflevector(a, b, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31)

// Eight numbers in double precision, in as many registers as that takes.
typedef double ck_doubles __attribute__((ext_vector_type(8)));

// How many rows of W, that many bytes apart, wait in the second-level cache for W^T Y: 256 KB, in fours.
static size_t ck_group_height(size_t row_bytes) {
  const size_t height = (1 << 18) / (row_bytes ? row_bytes : 1) / 4 * 4;
  return height < 4 ? 4 : height > 64 ? 64 : height;
}

// 64-bit ARM fuses by itself, and has 32 registers; the baseline of x86-64 has no fused product and 16 registers.
#define CK_NAME(name) name##_portable
#define CK_FLOATS 4
#define CK_DOUBLES 2
#ifdef __aarch64__
#define CK_ROWS 4
#define CK_CHUNKS 2
#define CK_MADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#else
#define CK_ROWS 2
#define CK_CHUNKS 1
#define CK_MADD(a, b, c) ((a) * (b) + (c))
#endif
#include "InstructionSet.inc.h"

#ifdef __x86_64__
#pragma clang attribute push(__attribute__((target("avx2,fma"))), apply_to = function)
#define CK_NAME(name) name##_avx2
#define CK_FLOATS 8
#define CK_DOUBLES 4
#define CK_ROWS 2
#define CK_CHUNKS 1
#define CK_MADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#include "InstructionSet.inc.h"
#pragma clang attribute pop

#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
#define CK_NAME(name) name##_avx512
#define CK_FLOATS 16
#define CK_DOUBLES 8
#define CK_ROWS 4
#define CK_CHUNKS 2
#define CK_MADD(a, b, c) __builtin_elementwise_fma(a, b, c)
#include "InstructionSet.inc.h"
#pragma clang attribute pop
#endif

bool ck_is_available(ck_instruction_set set) {
  switch (set) {
  case ck_portable: return true;
#ifdef __x86_64__
  case ck_avx2: return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  case ck_avx512: return __builtin_cpu_supports("avx512f");
#endif
  default: return false;
  }
}

size_t ck_place(ck_instruction_set set, size_t column) {
  const size_t lanes = set == ck_avx512 ? 16 : set == ck_avx2 ? 8 : 4;
  const size_t place = column % (2 * lanes);
  return column - place + place % 2 * lanes + place / 2;
}

// Calls the function of an instruction set, which the caller has found available.
#ifdef __x86_64__
#define CK_CALL(set, name, ...)                                                                                      \
  ((set) == ck_avx512 ? name##_avx512(__VA_ARGS__)                                                                   \
   : (set) == ck_avx2 ? name##_avx2(__VA_ARGS__)                                                                     \
                      : name##_portable(__VA_ARGS__))
#else
#define CK_CALL(set, name, ...) name##_portable(__VA_ARGS__)
#endif

#define CK_DEFINE(type, element, scalar)                                                                             \
  void ck_multiply_##type(ck_instruction_set set, const element *w, size_t rows, size_t columns, size_t stride,      \
                          const scalar *x, size_t x_stride, scalar *y, size_t y_stride) {                            \
    CK_CALL(set, multiply_##type, w, rows, columns, stride, x, x_stride, y, y_stride);                               \
  }                                                                                                                  \
  void ck_add_##type(ck_instruction_set set, const element *w, size_t rows, size_t columns, size_t stride,           \
                     const scalar *y, size_t y_stride, scalar factor, scalar *z, size_t z_stride) {                  \
    CK_CALL(set, add_##type, w, rows, columns, stride, y, y_stride, factor, z, z_stride);                            \
  }                                                                                                                  \
  void ck_square_##type(ck_instruction_set set, const element *w, size_t rows, size_t columns, size_t stride,        \
                        const scalar *x, scalar *z, size_t x_stride, scalar *y, size_t y_stride) {                   \
    CK_CALL(set, square_##type, w, rows, columns, stride, x, z, x_stride, y, y_stride);                              \
  }                                                                                                                  \
  double ck_norm_##type(ck_instruction_set set, const element *w, size_t count) {                                    \
    return CK_CALL(set, norm_##type, w, count);                                                                      \
  }
CK_DEFINE(bf16, uint16_t, float)
CK_DEFINE(f32, float, float)
CK_DEFINE(f64, double, double)
