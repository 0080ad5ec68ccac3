import CLAPACKE
package import Tensors

/// The largest eigenvalues of a symmetric matrix with their vectors, in LAPACK's order: upwards.
package struct Eigenpairs<Scalar: LAPACKScalar> {
  /// The values, upwards.
  package let values: [Scalar]
  /// One vector in each row.
  package let vectors: Matrix<Scalar>

  /// Makes pairs of values and vectors.
  package init(values: [Scalar], vectors: Matrix<Scalar>) {
    self.values = values
    self.vectors = vectors
  }
}

/// Which half of a symmetric matrix is read, the diagonal included.
package enum Triangle {
  /// On and above the diagonal.
  case upper
  /// On and below the diagonal.
  case lower

  /// Row-major upper is column-major lower.
  var columnMajorLetter: CChar { lapackLetter(self == .upper ? "L" : "U") }
}

/// Computes the largest eigenpairs of a symmetric matrix, and checks that they are orthonormal.
///
/// - Parameters:
///   - square: A square, every element of the triangle finite; it is overwritten.
///   - triangle: The half that is read.
///   - count: How many are wanted; in `1...rowCount`.
/// - Returns: The pairs, with absolute errors of a few dozen ulp of the largest value.
/// - Throws: ``LinearAlgebraError/unsoundResult(routine:)`` where what came back is less than was
///   asked for, or no orthonormal set; LAPACK's own failures.
/// - Complexity: O(size^3)
///
/// Source: LAPACK's `syevr`.
package func largestEigenpairs<Scalar: LAPACKScalar>(
  overwriting square: inout Matrix<Scalar>, triangle: Triangle, count: Int
) throws(LinearAlgebraError) -> Eigenpairs<Scalar> {
  let size = square.rowCount
  let n = try lapackSize(size)
  let first = try lapackSize(size - count + 1)
  var found: clapacke_int = 0
  var values = [Scalar](repeating: 0, count: size)
  var vectors = Matrix<Scalar>(rowCount: count, columnCount: size)
  var support = [clapacke_int](repeating: 0, count: 2 * count)
  let info = unsafe square.elements.withUnsafeMutableBufferPointer { a in
    unsafe values.withUnsafeMutableBufferPointer { w in
      unsafe vectors.elements.withUnsafeMutableBufferPointer { z in
        unsafe support.withUnsafeMutableBufferPointer { isuppz in
          // Safe: a holds n * n, w n, z n * count, isuppz 2 * count elements.
          unsafe Scalar.routines.syevr(
            LAPACK_COL_MAJOR, lapackLetter("V"), lapackLetter("I"), triangle.columnMajorLetter, n,
            a.baseAddress, n, 0, 0, first, n, 0, &found, w.baseAddress, z.baseAddress, n,
            isuppz.baseAddress)
        }
      }
    }
  }
  try checkStatus(info, of: "syevr")
  let pairs = Eigenpairs(values: Array(values[0..<count]), vectors: vectors)
  guard found == count, areSound(pairs) else { throw .unsoundResult(routine: "syevr") }
  return pairs
}

/// Computes the largest eigenpairs of a symmetric matrix by way of all of them, which is faster for
/// up to some hundred rows.
///
/// - Parameters and Returns: As of ``largestEigenpairs(overwriting:triangle:count:)``, unchecked.
/// - Throws: LAPACK's own failures.
/// - Complexity: O(size^3)
///
/// Source: LAPACK's `syevd`.
func eigenpairs<Scalar: LAPACKScalar>(
  overwriting square: inout Matrix<Scalar>, triangle: Triangle, count: Int
) throws(LinearAlgebraError) -> Eigenpairs<Scalar> {
  let size = square.rowCount
  let n = try lapackSize(size)
  var values = [Scalar](repeating: 0, count: size)
  let info = unsafe square.elements.withUnsafeMutableBufferPointer { a in
    unsafe values.withUnsafeMutableBufferPointer { w in
      // Safe: a holds n * n elements, w n.
      unsafe Scalar.routines.syevd(
        LAPACK_COL_MAJOR, lapackLetter("V"), triangle.columnMajorLetter, n, a.baseAddress, n,
        w.baseAddress)
    }
  }
  try checkStatus(info, of: "syevd")
  // The vectors stand where the matrix stood, one after the other.
  return Eigenpairs(
    values: Array(values.suffix(count)),
    vectors: Matrix(
      rowCount: count, columnCount: size, elements: Array(square.elements.suffix(count * size))))
}

/// Computes the largest eigenpairs of a symmetric matrix that is given as its upper triangle, again
/// and in double precision where what came back is not sound.
///
/// OpenBLAS's `ssymv` for Prescott and Core 2, which it also takes for processors that it does not
/// know, multiplies what an earlier call left in a shared work space by zero (0.3.21 does). Where
/// that call was in double precision, on another thread, the work space may spell NaN; LAPACK then
/// finds nothing and reports success. A product in single precision lays numbers over the work
/// space, and the same call gives the bytes that it gives elsewhere.
///
/// - Parameters:
///   - upper: The triangle, every element finite.
///   - count: How many are wanted; in `1...rowCount`.
///   - attempt: What computes the pairs.
/// - Returns: The first pairs that are sound, as ``areSound(_:)`` and
///   ``areEigenpairs(_:ofUpperTriangle:)`` say.
/// - Throws: ``LinearAlgebraError/unsoundResult(routine:)`` where double precision is no better.
/// - Complexity: O(size^3)
package func soundEigenpairs<Scalar: LAPACKScalar>(
  ofUpperTriangle upper: Matrix<Scalar>, count: Int,
  attempt: (inout Matrix<Scalar>) throws(LinearAlgebraError) -> Eigenpairs<Scalar>
) throws(LinearAlgebraError) -> Eigenpairs<Scalar> {
  for _ in 0..<3 {
    var overwritten = upper
    do {
      let pairs = try attempt(&overwritten)
      if areSound(pairs), areEigenpairs(pairs, ofUpperTriangle: upper) { return pairs }
    } catch .unsoundResult, .noConvergence {
      // Both are what NaN in the work space looks like.
    }
    let zeros = Matrix<Scalar>(rowCount: 256, columnCount: 256)
    _ = product(zeros, zeros)
  }
  var wide = Matrix<Double>(
    rowCount: upper.rowCount, columnCount: upper.columnCount,
    elements: upper.elements.map { Double($0) })
  let pairs = try largestEigenpairs(overwriting: &wide, triangle: .upper, count: count)
  let narrow = Eigenpairs(
    values: pairs.values.map { Scalar($0) },
    vectors: Matrix<Scalar>(
      rowCount: count, columnCount: upper.rowCount,
      elements: pairs.vectors.elements.map { Scalar($0) }))
  guard areEigenpairs(narrow, ofUpperTriangle: upper) else {
    throw .unsoundResult(routine: "syevr")
  }
  return narrow
}
