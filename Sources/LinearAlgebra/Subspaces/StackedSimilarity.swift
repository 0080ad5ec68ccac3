public import Tensors

/// Computes the mean cosine of the principal angles for all pairs between two stacks of bases.
///
/// - Parameters:
///   - a: (p k) x n: each k consecutive rows are orthonormal, the basis of one subspace.
///   - b: (q k) x n, likewise.
///   - k: The number of directions of each subspace.
/// - Returns: p x q: ``SubspaceSimilarity/meanCosine`` of basis i of `a` and basis j of `b`, with
///   an absolute error below 1e-6 for bases rounded to single precision. The same stacks give the
///   same bits on one machine; in other stacks a pair may differ within that error, because BLAS
///   rounds by the place of a basis in its stack.
/// - Throws: ``LinearAlgebraError/notFinite(row:column:)`` with the first bad element of `a`, or of
///   `b` where there is none in `a`; LAPACK's own failures.
/// - Precondition: `1 <= k <= n`, and both stacks hold whole bases of the same dimension.
/// - Complexity: O(p q k^2 (n + k)) time: about 5 microseconds for each pair at k = 15 beside the
///   product; memory for 2^22 inner products, or k^2 q where that is more.
///
/// Source: Method.md section 2.
public func meanCosines(
  between a: Matrix<Float>, and b: Matrix<Float>, rank k: Int
) throws(LinearAlgebraError) -> Matrix<Double> {
  let n = a.columnCount
  precondition(
    b.columnCount == n && 1 <= k && k <= n,
    "subspaces of rank \(k) in \(n) and \(b.columnCount) dimensions")
  precondition(
    a.rowCount % k == 0 && b.rowCount % k == 0,
    "\(a.rowCount) and \(b.rowCount) rows are not whole bases of \(k)")
  var result = Matrix<Double>(rowCount: a.rowCount / k, columnCount: b.rowCount / k)
  guard result.rowCount > 0, result.columnCount > 0 else { return result }
  // Tall enough for a fast product, and bounded however many bases there are.
  let group = min(result.rowCount, max(1, (1 << 22) / (k * b.rowCount)))
  var products = Matrix<Float>(rowCount: group * k, columnCount: b.rowCount)
  var singularValues = SmallSingularValues(size: k)
  for start in stride(from: 0, to: result.rowCount, by: group) {
    let bases = start..<min(result.rowCount, start + group)
    a.withView { a in
      b.withView { b in
        products.withMutableView {
          multiply(
            a.rows(bases.lowerBound * k..<bases.upperBound * k), b.transposed,
            into: $0.rows(0..<bases.count * k))
        }
      }
    }
    for (place, row) in bases.enumerated() {
      for column in 0..<result.columnCount {
        let sum = try products.withView { products throws(LinearAlgebraError) in
          try singularValues.sum(
            of: products.rows(place * k..<(place + 1) * k).columns(column * k..<(column + 1) * k))
        }
        guard let sum else { throw firstNotFinite(in: [a, b]) }
        result[row, column] = min(1, max(0, sum / Double(k)))
      }
    }
  }
  return result
}

/// Names the first bad element of the first matrix that has one.
private func firstNotFinite(in matrices: [Matrix<Float>]) -> LinearAlgebraError {
  for matrix in matrices {
    if let place = matrix.elements.firstIndex(where: { !$0.isFinite }) {
      return .notFinite(row: place / matrix.columnCount, column: place % matrix.columnCount)
    }
  }
  // Only rows far longer than 1 have products beyond single precision.
  preconditionFailure("the rows of a basis must be orthonormal")
}
