import Tensors

/// The largest Ritz values of a Krylov space, and their vectors' coefficients in its basis.
struct RitzPairs<Scalar: LAPACKScalar> {
  /// The values, largest first.
  let values: [Double]
  /// The coefficients of one vector after those of the other, as many as the basis has vectors; in
  /// the end zeros, which make the number of vectors a multiple of four.
  private let coefficients: [Scalar]
  private let size: Int

  /// Decomposes Q^T A Q.
  ///
  /// - Throws: LAPACK's own failures.
  /// - Complexity: O(size^3)
  init<Rows: KernelRows>(
    of space: KrylovSpace<Rows>, count: Int
  ) throws(LinearAlgebraError) where Rows.Scalar == Scalar {
    size = space.size
    var upper = Matrix<Double>(rowCount: size, columnCount: size)
    for (column, entries) in space.projected.enumerated() {
      for row in 0...column { upper[row, column] = Double(entries[row]) }
    }
    let pairs = try soundEigenpairs(ofUpperTriangle: upper, count: count) {
      (square) throws(LinearAlgebraError) in
      try eigenpairs(overwriting: &square, triangle: .upper, count: count)
    }
    values = pairs.values.reversed()
    var descending: [Scalar] = []
    let paddedCount = roundedUp(count, toMultipleOf: VectorPanel<Scalar>.width)
    descending.reserveCapacity(paddedCount * size)
    for vector in (0..<count).reversed() {
      descending += pairs.vectors.elements[vector * size..<(vector + 1) * size]
        .map { Scalar($0) }
    }
    descending += [Scalar](repeating: 0, count: (paddedCount - count) * size)
    coefficients = descending
  }

  /// The number of vectors, zeros included.
  var paddedCount: Int { coefficients.count / size }

  /// The coefficients of four vectors.
  func coefficients(from first: Int) -> [Scalar] {
    Array(coefficients[first * size..<(first + VectorPanel<Scalar>.width) * size])
  }

  /// The sums of a panel's vectors with the coefficients of the leading Ritz vectors; all of them
  /// unless a number is given.
  func sums(of panel: VectorPanel<Scalar>, count: Int? = nil) -> VectorPanel<Scalar> {
    let result = VectorPanel<Scalar>(
      count: count ?? values.count, length: panel.length, panel.set)
    for first in stride(from: 0, to: result.capacity, by: VectorPanel<Scalar>.width) {
      panel.addSums(count: size, coefficients(from: first), to: result, first: first)
    }
    return result
  }
}
