import Tensors

extension BlockKrylov {
  /// The triplets themselves: the SVD of W restricted to the Ritz vectors; nil where they are not
  /// what the Ritz values say.
  func triplets(
    from ritz: RitzPairs<Scalar>, in space: KrylovSpace<Rows>, angle: Double
  ) throws(LinearAlgebraError) -> LeadingTriplets? {
    let right = ritz.sums(of: space.basis, count: wanted)
    let image = ritz.sums(of: space.images, count: wanted)
    let squares = (0..<wanted).map { image.squaredNorm(of: $0) }
    // The squares of the values sum to v^T A v over the Ritz vectors, which the Ritz values are: to
    // the rounding of the products, and far nearer than what the accuracy asks for.
    let energy = squares.reduce(0, +)
    let expected = ritz.values.prefix(wanted).reduce(0, +)
    guard abs(energy - expected) <= 1e-3 * expected else { return nil }
    var values = squares.map { $0.squareRoot() }
    var left: Matrix<Float>
    let ones = [Scalar](repeating: 1, count: wanted)
    var rightColumns = columns(of: right, length: rows.columnCount, times: ones) {
      rows.place(ofColumn: $0, set)
    }
    if areOrthogonal(image, squares) {
      // W V = U diag(s) as it stands.
      let factors = values.map { Scalar(1 / $0) }
      left = columns(of: image, length: rows.rowCount, times: factors) { $0 }
      let order = values.indices.sorted { (-values[$0], $0) < (-values[$1], $1) }
      if order != Array(values.indices) {
        values = order.map { values[$0] }
        left = left.permutingColumns(order)
        rightColumns = rightColumns.permutingColumns(order)
      }
    } else {
      // W V = U' diag(s) R^T, so the triplets of W on this subspace are U', s and V R.
      var images = Matrix<Scalar>(rowCount: rows.rowCount, columnCount: wanted)
      for index in 0..<wanted {
        for row in 0..<rows.rowCount { images[row, index] = image[index, row] }
      }
      let small = try SingularValueDecomposition(of: images)
      values = small.singularValues.map { Double($0) }
      left = Matrix(
        rowCount: rows.rowCount, columnCount: wanted,
        elements: small.left.elements.map { Float($0) })
      rightColumns = product(
        rightColumns,
        Matrix(
          rowCount: wanted, columnCount: wanted, elements: small.right.elements.map { Float($0) }))
    }
    guard areUnitColumns(left), areUnitColumns(rightColumns) else { return nil }
    return LeadingTriplets(
      singularValues: values, left: left, right: rightColumns,
      method: .blockKrylov(
        passes: space.size / blockWidth, doublePrecision: Scalar.self == Double.self),
      angleBound: angle)
  }

  /// Whether vectors are orthogonal to what the accuracy of triplets asks for.
  ///
  /// Of Ritz vectors they are to the rounding of s_1^2 over the squares of their own values: nearly
  /// always, unless the first value stands far above the others.
  private func areOrthogonal(_ vectors: VectorPanel<Scalar>, _ squares: [Double]) -> Bool {
    for first in stride(from: 0, to: wanted, by: VectorPanel<Scalar>.width) {
      let products = vectors.innerProducts(count: wanted, with: vectors, first: first)
      for row in first..<min(wanted, first + VectorPanel<Scalar>.width) {
        for column in 0..<row {
          let inner = Double(products[(row - first) * wanted + column])
          // Not `>`: NaN must fail.
          guard abs(inner) <= 2e-6 * (squares[row] * squares[column]).squareRoot() else {
            return false
          }
        }
      }
    }
    return true
  }

  /// The leading vectors of a panel times factors, as the columns of a matrix.
  private func columns(
    of panel: VectorPanel<Scalar>, length: Int, times factors: [Scalar], place: (Int) -> Int
  ) -> Matrix<Float> {
    var elements: [Float] = []
    elements.reserveCapacity(length * wanted)
    for row in 0..<length {
      let place = place(row)
      for vector in 0..<wanted { elements.append(Float(panel[vector, place] * factors[vector])) }
    }
    return Matrix(rowCount: length, columnCount: wanted, elements: elements)
  }
}

extension Matrix {
  /// The matrix whose columns are this one's, in another order.
  fileprivate func permutingColumns(_ order: [Int]) -> Matrix {
    var result = self
    for row in 0..<rowCount {
      for (column, source) in order.enumerated() { result[row, column] = self[row, source] }
    }
    return result
  }
}
