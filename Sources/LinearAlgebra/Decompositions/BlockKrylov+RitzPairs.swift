import Tensors

extension BlockKrylov {
  /// The largest Ritz values and the coefficients of their vectors in the basis, largest first.
  struct RitzPairs {
    let values: [Scalar]
    /// size x count, one vector in each column.
    let coefficients: Matrix<Scalar>
  }

  /// Decomposes Q^T A Q, of which only the upper triangle is read.
  func ritzPairs(
    of projected: MatrixView<Scalar>
  ) throws(LinearAlgebraError) -> RitzPairs {
    let size = projected.rowCount
    let count = min(size, wanted + Self.lookahead)
    // Only the blocks on and above the diagonal were computed.
    var upper = Matrix<Scalar>(rowCount: size, columnCount: size)
    for row in 0..<size {
      for column in row..<size { upper[row, column] = projected[row, column] }
    }
    let pairs = try soundEigenpairs(ofUpperTriangle: upper, count: count) {
      (square) throws(LinearAlgebraError) in
      try largestEigenpairs(overwriting: &square, triangle: .upper, count: count)
    }
    // LAPACK orders upwards, one vector after the other; we want downwards, one vector in each
    // column.
    var coefficients = Matrix<Scalar>(rowCount: size, columnCount: count)
    for vector in 0..<count {
      for row in 0..<size {
        coefficients[row, vector] = pairs.vectors[count - 1 - vector, row]
      }
    }
    return RitzPairs(values: pairs.values.reversed(), coefficients: coefficients)
  }

  /// ||A v - theta v|| of every Ritz pair, from the products that were really made.
  func residualNorms(
    of ritz: RitzPairs, products: MatrixView<Scalar>, basis: MatrixView<Scalar>
  ) -> [Double] {
    let count = ritz.values.count
    var scaled = ritz.coefficients
    for place in scaled.elements.indices { scaled.elements[place] *= ritz.values[place % count] }
    var residual = ritz.coefficients.withView { product(products, $0) }
    residual.withMutableView { residual in
      scaled.withView { multiply(basis, $0, factor: -1, keeping: 1, into: residual) }
    }
    var squares = [Double](repeating: 0, count: count)
    for row in 0..<residual.rowCount {
      for column in 0..<count {
        let value = Double(residual[row, column])
        squares[column] += value * value
      }
    }
    return squares.map { $0.squareRoot() }
  }
}
