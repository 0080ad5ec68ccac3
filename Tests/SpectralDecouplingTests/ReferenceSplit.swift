import LinearAlgebra
import Tensors

/// The split of Method.md section 6 in double precision, as it is defined: with whole projectors.
struct ReferenceSplit {
  let experts: [Matrix<Double>]
  /// What each expert counts; one in sum.
  let shares: [Double]
  let left: Matrix<Double>?
  let right: Matrix<Double>?

  /// Uniform shares where none are given.
  init(
    _ experts: [Matrix<Double>], shares: [Double]? = nil, left: Matrix<Double>?,
    right: Matrix<Double>?
  ) {
    self.experts = experts
    self.shares = shares ?? experts.map { _ in 1 / Double(experts.count) }
    self.left = left
    self.right = right
  }

  /// P_U W.
  private func alongLeft(_ matrix: Matrix<Double>) -> Matrix<Double> {
    guard let left else { return matrix.scaled(0) }
    return product(left, product(left, leftTransposed: true, matrix))
  }

  /// W P_V.
  private func alongRight(_ matrix: Matrix<Double>) -> Matrix<Double> {
    guard let right else { return matrix.scaled(0) }
    return product(product(matrix, right), right, rightTransposed: true)
  }

  /// (I - P_U) W (I - P_V).
  func apart(_ matrix: Matrix<Double>) -> Matrix<Double> {
    let rest = matrix - alongLeft(matrix)
    return rest - alongRight(rest)
  }

  /// S_e = P_U W + (I - P_U) W P_V.
  func along(_ matrix: Matrix<Double>) -> Matrix<Double> {
    let rows = alongLeft(matrix)
    return rows + alongRight(matrix - rows)
  }

  /// The weighted mean of S_e.
  var common: Matrix<Double> {
    zip(experts, shares).reduce(experts[0].scaled(0)) { $0 + along($1.0).scaled($1.1) }
  }

  /// The leading eigenvectors of sum w W W^T, or of sum w W^T W.
  static func jointBasis(
    of experts: [Matrix<Double>], shares: [Double], rank: Int, isLeft: Bool
  ) throws -> Matrix<Double> {
    let size = isLeft ? experts[0].rowCount : experts[0].columnCount
    let sum = zip(experts, shares).reduce(Matrix<Double>(rowCount: size, columnCount: size)) {
      let (matrix, share) = $1
      let square =
        isLeft
        ? product(matrix, matrix, rightTransposed: true)
        : product(matrix, leftTransposed: true, matrix)
      return $0 + square.scaled(share)
    }
    return try SingularValueDecomposition(of: sum).left.leadingColumns(rank)
  }

  /// The leading singular vectors of the weighted mean.
  static func meanBasis(
    of experts: [Matrix<Double>], shares: [Double], rank: Int, isLeft: Bool
  ) throws -> Matrix<Double> {
    let mean = zip(experts, shares).reduce(experts[0].scaled(0)) { $0 + $1.0.scaled($1.1) }
    let full = try SingularValueDecomposition(of: mean)
    return (isLeft ? full.left : full.right).leadingColumns(rank)
  }
}

extension Matrix where Scalar == Double {
  var squaredNorm: Double { elements.reduce(0) { $0 + $1 * $1 } }
  var norm: Double { squaredNorm.squareRoot() }
  var largest: Double { elements.reduce(0) { Swift.max($0, abs($1)) } }

  func scaled(_ factor: Double) -> Matrix {
    Matrix(rowCount: rowCount, columnCount: columnCount, elements: elements.map { factor * $0 })
  }

  static func + (a: Matrix, b: Matrix) -> Matrix {
    Matrix(
      rowCount: a.rowCount, columnCount: a.columnCount,
      elements: zip(a.elements, b.elements).map { $0 + $1 })
  }

  static func - (a: Matrix, b: Matrix) -> Matrix { a + b.scaled(-1) }

  /// <A, B>_F.
  func dot(_ other: Matrix) -> Double {
    zip(elements, other.elements).reduce(0) { $0 + $1.0 * $1.1 }
  }

  /// ||(I - Q Q^T) A||_F of an orthonormal A: the sines of the angles between the two subspaces.
  func distance(to subspace: Matrix) -> Double {
    (self - product(subspace, product(subspace, leftTransposed: true, self))).norm
  }

  /// How far the columns are from being orthonormal.
  var skewness: Double {
    var square = product(self, leftTransposed: true, self)
    for place in 0..<square.rowCount { square[place, place] -= 1 }
    return square.largest
  }
}
