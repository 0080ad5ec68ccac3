// The loops, for one type of elements and one instruction set. Who includes this file defines
//
// CK(name)     the name of a function of this type and instruction set
// CK_ELEMENT   the type of the elements of W
// CK_SCALAR    the type of the products
// CK_LANES     how many scalars a register holds
// CK_TILE      how many rows are multiplied at once, so that sums and factors fit the registers
// CK_UNROLL    how many chunks of columns are added to at once, likewise
// CK_IS_BF16   whether elements are the upper halves of floats
//
// A chunk is what two registers hold of a vector.

typedef CK_SCALAR CK(vec) __attribute__((ext_vector_type(CK_LANES)));
enum { CK(chunk) = 2 * CK_LANES };

CK_INLINE CK(vec) CK(load)(const CK_SCALAR *p) {
  CK(vec) v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

CK_INLINE void CK(save)(CK_SCALAR *p, CK(vec) v) { __builtin_memcpy(p, &v, sizeof v); }

// A chunk of a row of W. Little-endian: the element of the even column is the lower half of a lane.
CK_INLINE void CK(decode)(const CK_ELEMENT *p, CK(vec) *first, CK(vec) *second) {
#if CK_IS_BF16
  typedef uint32_t bits __attribute__((ext_vector_type(CK_LANES)));
  bits v;
  __builtin_memcpy(&v, p, sizeof v);
  *first = __builtin_bit_cast(CK(vec), v << 16);
  *second = __builtin_bit_cast(CK(vec), v & 0xffff0000u);
#else
  *first = CK(load)(p);
  *second = CK(load)(p + CK_LANES);
#endif
}

CK_INLINE double CK(number)(CK_ELEMENT element) {
#if CK_IS_BF16
  return __builtin_bit_cast(float, (uint32_t)element << 16);
#else
  return element;
#endif
}

// Sixteen elements, BF16 those of even places and then those of odd ones.
CK_INLINE void CK(widen)(const CK_ELEMENT *p, ck_doubles *first, ck_doubles *second) {
  typedef CK_SCALAR eight __attribute__((ext_vector_type(8)));
  eight a, b;
#if CK_IS_BF16
  typedef uint32_t bits __attribute__((ext_vector_type(8)));
  bits v;
  __builtin_memcpy(&v, p, sizeof v);
  a = __builtin_bit_cast(eight, v << 16);
  b = __builtin_bit_cast(eight, v & 0xffff0000u);
#else
  __builtin_memcpy(&a, p, sizeof a);
  __builtin_memcpy(&b, p + 8, sizeof b);
#endif
  *first = __builtin_convertvector(a, ck_doubles);
  *second = __builtin_convertvector(b, ck_doubles);
}

// The sums of the lanes of CK_TILE * 4 registers: of neighbours, then of the neighbours of these, and so on.
CK_INLINE void CK(sum_lanes)(CK(vec) *v, CK_SCALAR *sums) {
  int count = CK_TILE * ck_width;
  _Pragma("unroll") for (int lanes = CK_LANES; lanes > 1; lanes /= 2) {
    count /= 2;
    _Pragma("unroll") for (int i = 0; i < count; i++) {
      v[i] = CK_EVEN(CK_LANES, v[2 * i], v[2 * i + 1]) + CK_ODD(CK_LANES, v[2 * i], v[2 * i + 1]);
    }
  }
  _Pragma("unroll") for (int i = 0; i < count; i++) CK(save)(sums + i * CK_LANES, v[i]);
}

// Adds the products of up to CK_TILE rows with X, chunk after chunk.
CK_INLINE void CK(multiply_chunks)(const int height, CK(vec) *sums, const CK_ELEMENT *w, size_t columns, size_t stride,
                                   const CK_SCALAR *x, size_t x_stride) {
  for (size_t j = 0; j < columns; j += CK(chunk)) {
    CK(vec) first[CK_TILE], second[CK_TILE];
    _Pragma("unroll") for (int r = 0; r < height; r++) CK(decode)(w + r * stride + j, &first[r], &second[r]);
    _Pragma("unroll") for (int c = 0; c < ck_width; c++) {
      CK(vec) a = CK(load)(x + c * x_stride + j), b = CK(load)(x + c * x_stride + j + CK_LANES);
      _Pragma("unroll") for (int r = 0; r < height; r++) {
        sums[c * CK_TILE + r] = CK_MADD(first[r], a, sums[c * CK_TILE + r]);
        sums[c * CK_TILE + r] = CK_MADD(second[r], b, sums[c * CK_TILE + r]);
      }
    }
  }
}

// W X for up to CK_TILE rows.
CK_INLINE void CK(multiply_tile)(const int height, const CK_ELEMENT *w, size_t columns, size_t stride,
                                 const CK_SCALAR *x, size_t x_stride, CK_SCALAR *y, size_t y_stride) {
  const size_t whole = columns / CK(chunk) * CK(chunk);
  CK(vec) sums[ck_width * CK_TILE];
  _Pragma("unroll") for (int i = 0; i < ck_width * CK_TILE; i++) sums[i] = (CK(vec))0;
  CK(multiply_chunks)(height, sums, w, whole, stride, x, x_stride);
  if (whole < columns) {
    // What does not fill a chunk, and zeros.
    CK_ELEMENT ends[CK_TILE * CK(chunk)] = {0};
    for (int r = 0; r < height; r++) {
      for (size_t j = whole; j < columns; j++) ends[r * CK(chunk) + j - whole] = w[r * stride + j];
    }
    CK(multiply_chunks)(height, sums, ends, CK(chunk), CK(chunk), x + whole, x_stride);
  }
  CK_SCALAR totals[ck_width * CK_TILE];
  CK(sum_lanes)(sums, totals);
  for (int c = 0; c < ck_width; c++) {
    for (int r = 0; r < height; r++) y[c * y_stride + r] = totals[c * CK_TILE + r];
  }
}

CK_FUNCTION void CK(multiply)(const CK_ELEMENT *w, size_t rows, size_t columns, size_t stride, const CK_SCALAR *x,
                              size_t x_stride, CK_SCALAR *y, size_t y_stride) {
  size_t i = 0;
  for (; i + CK_TILE <= rows; i += CK_TILE) {
    CK(multiply_tile)(CK_TILE, w + i * stride, columns, stride, x, x_stride, y + i, y_stride);
  }
  for (; i < rows; i++) CK(multiply_tile)(1, w + i * stride, columns, stride, x, x_stride, y + i, y_stride);
}

// Adds W^T Y for some chunks of columns, all rows after each other.
CK_INLINE void CK(add_chunks)(const int chunks, const CK_ELEMENT *w, size_t rows, size_t stride, const CK_SCALAR *y,
                              size_t y_stride, CK_SCALAR factor, CK_SCALAR *z, size_t z_stride) {
  CK(vec) sums[ck_width][2 * CK_UNROLL];
  _Pragma("unroll") for (int c = 0; c < ck_width; c++) {
    _Pragma("unroll") for (int k = 0; k < 2 * chunks; k++) sums[c][k] = (CK(vec))0;
  }
  for (size_t i = 0; i < rows; i++) {
    CK(vec) row[2 * CK_UNROLL];
    _Pragma("unroll") for (int k = 0; k < chunks; k++) {
      CK(decode)(w + i * stride + k * CK(chunk), &row[2 * k], &row[2 * k + 1]);
    }
    _Pragma("unroll") for (int c = 0; c < ck_width; c++) {
      CK(vec) f = (CK(vec))y[c * y_stride + i];
      _Pragma("unroll") for (int k = 0; k < 2 * chunks; k++) sums[c][k] = CK_MADD(row[k], f, sums[c][k]);
    }
  }
  CK(vec) f = (CK(vec))factor;
  _Pragma("unroll") for (int c = 0; c < ck_width; c++) {
    _Pragma("unroll") for (int k = 0; k < 2 * chunks; k++) {
      CK_SCALAR *p = z + c * z_stride + k * CK_LANES;
      CK(save)(p, CK_MADD(f, sums[c][k], CK(load)(p)));
    }
  }
}

CK_FUNCTION void CK(add)(const CK_ELEMENT *w, size_t rows, size_t columns, size_t stride, const CK_SCALAR *y,
                         size_t y_stride, CK_SCALAR factor, CK_SCALAR *z, size_t z_stride) {
  size_t j = 0;
  for (; j + CK_UNROLL * CK(chunk) <= columns; j += CK_UNROLL * CK(chunk)) {
    CK(add_chunks)(CK_UNROLL, w + j, rows, stride, y, y_stride, factor, z + j, z_stride);
  }
  for (; j + CK(chunk) <= columns; j += CK(chunk)) {
    CK(add_chunks)(1, w + j, rows, stride, y, y_stride, factor, z + j, z_stride);
  }
  if (j == columns) return;
  // What does not fill a chunk, and zeros, for some rows at a time.
  enum { height = 32 };
  for (size_t i = 0; i < rows; i += height) {
    const size_t count = rows - i < height ? rows - i : height;
    CK_ELEMENT ends[height * CK(chunk)] = {0};
    for (size_t r = 0; r < count; r++) {
      for (size_t k = j; k < columns; k++) ends[r * CK(chunk) + k - j] = w[(i + r) * stride + k];
    }
    CK(add_chunks)(1, ends, count, CK(chunk), y + i, y_stride, factor, z + j, z_stride);
  }
}

CK_FUNCTION void CK(square)(const CK_ELEMENT *w, size_t rows, size_t columns, size_t stride, const CK_SCALAR *x,
                            CK_SCALAR *z, size_t x_stride, CK_SCALAR *y, size_t y_stride) {
  const size_t height = ck_group_height(stride * sizeof *w);
  for (size_t i = 0; i < rows; i += height) {
    const size_t count = rows - i < height ? rows - i : height;
    CK(multiply)(w + i * stride, count, columns, stride, x, x_stride, y + i, y_stride);
    CK(add)(w + i * stride, count, columns, stride, y + i, y_stride, 1, z, x_stride);
  }
}

// Sixteen sums, each of every sixteenth element. In double precision the squares of floats are exact, so that every
// instruction set, and BF16 and single precision, come to the same bits.
CK_FUNCTION double CK(norm)(const CK_ELEMENT *w, size_t count) {
  ck_doubles sums[2] = {(ck_doubles)0, (ck_doubles)0};
  size_t i = 0;
  for (; i + 16 <= count; i += 16) {
    ck_doubles first, second;
    CK(widen)(w + i, &first, &second);
    sums[0] += first * first;
    sums[1] += second * second;
  }
  double total = 0;
  for (int k = 0; k < 16; k++) total += CK_IS_BF16 ? sums[k % 2][k / 2] : sums[k / 8][k % 8];
  for (; i < count; i++) {
    const double value = CK(number)(w[i]);
    total += value * value;
  }
  return total;
}

#undef CK
#undef CK_ELEMENT
#undef CK_SCALAR
#undef CK_LANES
#undef CK_TILE
#undef CK_UNROLL
#undef CK_IS_BF16
