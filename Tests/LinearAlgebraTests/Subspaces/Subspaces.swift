import LinearAlgebra
import Tensors

/// The sine of the largest principal angle between two spaces, accurate where that angle is small.
///
/// A cosine near 1 says little of its angle; the part of one basis outside the other space says it
/// exactly: ||A - B B^T A|| = sin. Source: A. Bjorck and G. H. Golub, Math. Comp. 27 (1973), sec.
/// 3.
func largestSine(_ a: Matrix<Double>, _ b: Matrix<Double>) throws -> Double {
  var outside = a
  let inside = product(b, product(b, leftTransposed: true, a))
  for place in outside.elements.indices { outside.elements[place] -= inside.elements[place] }
  return try singularValues(of: outside)[0]
}

/// The largest element of |Q^T Q - I|: how far columns are from orthonormal.
func orthonormalityError(_ basis: Matrix<Double>) -> Double {
  let gram = product(basis, leftTransposed: true, basis)
  var worst = 0.0
  for row in 0..<gram.rowCount {
    for column in 0..<gram.columnCount {
      let error = abs(gram[row, column] - (row == column ? 1 : 0))
      // Written so that NaN counts as the worst.
      worst = error <= worst ? worst : error
    }
  }
  return worst
}
