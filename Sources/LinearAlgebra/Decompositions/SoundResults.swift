package import Tensors

/// The part of a bound that rounding explains: a backward stable method of this size errs by a small
/// multiple of `size` ulp, and what it is meant to catch, zeros and garbage, errs by 1.
private func roundingBound<Scalar: LAPACKScalar>(_ size: Int, _: Scalar.Type) -> Double {
  min(0.5, 16 * Double(size) * Double(Scalar.ulpOfOne))
}

/// Whether eigenpairs are numbers in order with orthonormal vectors.
///
/// LAPACK makes vectors orthogonal to each other whose values are within a thousandth of the norm;
/// others are as orthogonal as rounding over that distance allows.
///
/// - Complexity: O(size * count^2)
package func areSound<Scalar: LAPACKScalar>(_ pairs: Eigenpairs<Scalar>) -> Bool {
  guard pairs.values.allSatisfy(\.isFinite),
    zip(pairs.values, pairs.values.dropFirst()).allSatisfy({ $0 <= $1 })
  else { return false }
  let size = pairs.vectors.columnCount
  let allowed = min(0.5, 1e3 * Double(size) * Double(Scalar.ulpOfOne))
  let inner = product(pairs.vectors, pairs.vectors, rightTransposed: true)
  for row in 0..<inner.rowCount {
    for column in 0...row {
      // Not `> allowed`: NaN must fail.
      guard abs(Double(inner[row, column]) - (row == column ? 1 : 0)) <= allowed else {
        return false
      }
    }
  }
  return true
}

/// Whether A v is theta v to what rounding allows, for every pair.
///
/// - Complexity: O(size^2 * count)
package func areEigenpairs<Scalar: LAPACKScalar>(
  _ pairs: Eigenpairs<Scalar>, ofUpperTriangle upper: Matrix<Scalar>
) -> Bool {
  let size = upper.rowCount
  var whole = upper
  for row in 0..<size {
    for column in 0..<row { whole[row, column] = upper[column, row] }
  }
  let norm = whole.elements.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
  let images = product(pairs.vectors, whole)
  let allowed = roundingBound(size, Scalar.self) * norm
  for (row, value) in pairs.values.enumerated() {
    var square = 0.0
    for column in 0..<size {
      let difference =
        Double(images[row, column]) - Double(value) * Double(pairs.vectors[row, column])
      square += difference * difference
    }
    guard square.squareRoot() <= allowed else { return false }
  }
  return true
}

/// Whether the columns of a matrix have the norm 1 to what rounding allows.
///
/// - Complexity: One pass over the elements.
package func areUnitColumns<Scalar: LAPACKScalar>(_ matrix: Matrix<Scalar>) -> Bool {
  var squares = [Double](repeating: 0, count: matrix.columnCount)
  for row in 0..<matrix.rowCount {
    for column in 0..<matrix.columnCount {
      let value = Double(matrix[row, column])
      squares[column] += value * value
    }
  }
  let allowed = roundingBound(matrix.rowCount + matrix.columnCount, Scalar.self)
  return squares.allSatisfy { abs($0 - 1) <= allowed }
}

/// Whether values can be the singular values of a matrix: in order, none below zero, and with the
/// matrix's sum of squares, to what rounding allows.
///
/// - Complexity: One pass over the elements.
package func areSingularValues<Scalar: LAPACKScalar>(
  _ values: [Scalar], of matrix: Matrix<Scalar>
) -> Bool {
  guard let first = values.first, first.isFinite, values.allSatisfy({ $0 >= 0 }),
    zip(values, values.dropFirst()).allSatisfy({ $0 >= $1 })
  else { return false }
  guard first > 0 else { return matrix.elements.allSatisfy { $0 == 0 } }
  // Shares of the largest value neither overflow nor vanish.
  let largest = Double(first)
  func sumOfSquares(_ numbers: [Scalar]) -> Double {
    numbers.reduce(0) { $0 + (Double($1) / largest) * (Double($1) / largest) }
  }
  let known = sumOfSquares(matrix.elements)
  let allowed = roundingBound(matrix.rowCount + matrix.columnCount, Scalar.self) * known
  return abs(sumOfSquares(values) - known) <= allowed
}
