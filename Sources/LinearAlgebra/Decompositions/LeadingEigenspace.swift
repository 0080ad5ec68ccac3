public import Tensors

/// The leading eigenvectors of a symmetric positive semidefinite operator A that only the caller
/// can apply, because it streams what A is made of from a disk.
///
/// ```swift
/// var eigenspace = LeadingEigenspace(dimension: 2048, count: 8)
/// while eigenspace.state == .open {
///   try eigenspace.absorb(applied(to: eigenspace.block))
/// }
/// ```
///
/// A block Krylov iteration with full orthogonalisation in double precision: every application adds
/// a block of directions, and the best approximations within all of them are taken (Rayleigh-Ritz).
/// Images may be as inexact as products in single precision are; the scale of A does not matter.
///
/// Source: Y. Saad, "Numerical Methods for Large Eigenvalue Problems", 2nd ed., SIAM 2011, ch. 6;
/// the bound is that of C. Davis and W. Kahan, "The Rotation of Eigenvectors by a Perturbation
/// III", SIAM J. Numer. Anal. 7 (1970).
public struct LeadingEigenspace: Sendable {
  /// What came of the applications so far.
  public enum State: Sendable {
    /// More are needed.
    case open
    /// The subspace is known to ``allowedAngle``.
    case converged
    /// The last wanted value and the next are so near to each other (their roots within a factor
    /// 1.001) that no subspace is told apart; some basis of as much energy is given.
    case illSeparated
    /// The iteration gave up.
    case exhausted
  }

  /// The largest angle to the exact subspace, in radians: 1 - cos is under 1e-4.
  public static let allowedAngle = 0.012

  /// What A is to be applied to next: n x b, orthonormal columns to single precision.
  public private(set) var block: Matrix<Float>
  /// What came of the applications so far.
  public private(set) var state = State.open
  /// The leading eigenvectors as known so far: n x k, orthonormal columns, largest first.
  public private(set) var vectors: Matrix<Float>
  /// The k + 1 largest eigenvalues as known so far, fewer where there are no more; largest first.
  public private(set) var values: [Double] = []
  /// A bound on the angle between ``vectors`` and the exact subspace, in radians, from computed
  /// residuals; infinite while nothing is known.
  public private(set) var angleBound = Double.infinity
  /// The number of applications so far.
  public private(set) var applications = 0

  private let count: Int
  private let dimension: Int
  /// An orthonormal basis of all blocks so far, a row for each direction, and its images.
  private var basis: Matrix<Double>
  private var images: Matrix<Double>

  private static let mostApplications = 24

  /// Begins an iteration.
  ///
  /// - Parameters:
  ///   - dimension: n.
  ///   - count: k, the number of eigenvectors that are wanted.
  ///   - seed: Chooses the first block.
  /// - Precondition: `count` is in `1...dimension`.
  /// - Complexity: Memory for 2 n b numbers for each application, b = max(16, k + 8) or little
  ///   more.
  public init(dimension: Int, count: Int, seed: UInt64 = 0x5d0e) {
    precondition(1 <= count && count <= dimension, "\(count) of \(dimension) eigenvectors")
    self.count = count
    self.dimension = dimension
    let width = min(dimension, max(16, (count + 15) / 8 * 8))
    var generator = SeededGenerator(seed: seed)
    let start = Matrix<Double>(
      rowCount: dimension, columnCount: width,
      elements: (0..<dimension * width).map { _ in generator.normal() })
    // Independent normal columns have a basis.
    block = ((try? orthonormalColumns(of: start)) ?? start).narrowed()
    vectors = block.leadingColumns(min(count, width))
    basis = Matrix(rowCount: 0, columnCount: dimension)
    images = Matrix(rowCount: 0, columnCount: dimension)
  }

  /// Takes A times ``block``, and chooses the next block.
  ///
  /// - Parameter image: n x b, every element finite.
  /// - Throws: ``LinearAlgebraError`` when LAPACK fails.
  /// - Precondition: The state is open, and the image has the shape of the block.
  /// - Complexity: O(n p b + p^3) for p directions so far.
  public mutating func absorb(_ image: Matrix<Double>) throws(LinearAlgebraError) {
    precondition(state == .open, "the iteration is over")
    precondition(
      image.rowCount == dimension && image.columnCount == block.columnCount,
      "an image of another shape than the block")
    applications += 1
    append(block.widened().transposed(), image: image.transposed())
    let inner = product(basis, images, rightTransposed: true)
    let found = try SingularValueDecomposition(of: inner.symmetrised())
    let told = min(count + 1, found.singularValues.count)
    values = Array(found.singularValues.prefix(told))
    let weights = found.left.leadingColumns(told)
    let ritz = product(weights, leftTransposed: true, basis)
    vectors = ritz.leadingRows(min(count, told)).transposed().narrowed()
    judge(residuals: residualNorms(of: ritz, weights: weights))
    guard state == .open else { return }
    if applications >= Self.mostApplications || values[0] <= 0 {
      state = .exhausted
    } else {
      try chooseBlock(from: image.transposed())
    }
  }

  /// Adds a block, made orthogonal to those before it, and its image, changed in the same way.
  private mutating func append(_ rows: Matrix<Double>, image: Matrix<Double>) {
    var rows = rows
    var image = image
    if basis.rowCount > 0 {
      let overlap = product(rows, basis, rightTransposed: true)
      rows = rows.minus(product(overlap, basis))
      image = image.minus(product(overlap, images))
    }
    // R R^T = I + E with E of single precision's size: (I - E/2) R is orthonormal up to E^2.
    var correction = product(rows, rows, rightTransposed: true)
    for i in 0..<correction.rowCount {
      for j in 0..<correction.rowCount {
        correction[i, j] = (i == j ? 1.5 : 0) - correction[i, j] / 2
      }
    }
    rows = product(correction, rows)
    image = product(correction, image)
    basis = Matrix(
      rowCount: basis.rowCount + rows.rowCount, columnCount: dimension,
      elements: basis.elements + rows.elements)
    images = Matrix(
      rowCount: basis.rowCount, columnCount: dimension, elements: images.elements + image.elements)
  }

  /// ||A q - theta q|| of each Ritz vector.
  private func residualNorms(of ritz: Matrix<Double>, weights: Matrix<Double>) -> [Double] {
    let applied = product(weights, leftTransposed: true, images)
    return (0..<ritz.rowCount).map { row in
      var sum = 0.0
      for place in row * dimension..<(row + 1) * dimension {
        let difference = applied.elements[place] - values[row] * ritz.elements[place]
        sum += difference * difference
      }
      return sum.squareRoot()
    }
  }

  private mutating func judge(residuals: [Double]) {
    guard values.count >= count, values[0] > 0 else { return }
    let residual = residuals.prefix(count).reduce(0) { $0 + $1 * $1 }.squareRoot()
    if count == dimension || basis.rowCount == dimension {
      angleBound = 0
      state = .converged
      return
    }
    guard values.count > count else { return }
    let gap = values[count - 1] - values[count] - residuals[count]
    angleBound = gap > 0 ? residual / gap : .infinity
    if angleBound <= Self.allowedAngle {
      state = .converged
    } else if values[count - 1] < 1.002 * values[count], residual <= 1e-3 * values[count - 1] {
      state = .illSeparated
    }
  }

  /// The directions of the newest image that are not in the basis yet.
  private mutating func chooseBlock(from image: Matrix<Double>) throws(LinearAlgebraError) {
    let width = min(image.rowCount, dimension - basis.rowCount)
    guard width > 0 else {
      state = .exhausted
      return
    }
    var rows = image.leadingRows(width).scaledRows()
    // Where the image lies in the basis, what rounding left of it is as good as any other
    // direction.
    for _ in 0..<2 {
      for _ in 0..<2 {
        rows = rows.minus(product(product(rows, basis, rightTransposed: true), basis))
      }
      rows = try orthonormalColumns(of: rows.scaledRows().transposed()).transposed()
    }
    block = rows.transposed().narrowed()
  }
}

extension Matrix where Scalar == Double {
  fileprivate func minus(_ other: Matrix) -> Matrix {
    var result = self
    for place in elements.indices { result.elements[place] -= other.elements[place] }
    return result
  }

  fileprivate func symmetrised() -> Matrix {
    var result = self
    for row in 0..<rowCount {
      for column in 0..<row {
        let mean = (self[row, column] + self[column, row]) / 2
        result[row, column] = mean
        result[column, row] = mean
      }
    }
    return result
  }

  /// Every row divided by its norm; a row of zeros becomes a unit vector.
  fileprivate func scaledRows() -> Matrix {
    var result = self
    for row in 0..<rowCount {
      let range = row * columnCount..<(row + 1) * columnCount
      let largest = elements[range].reduce(0) { max($0, abs($1)) }
      guard largest > 0 else {
        result[row, row % columnCount] = 1
        continue
      }
      let norm = elements[range].reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
      for place in range { result.elements[place] = elements[place] / largest / norm }
    }
    return result
  }
}
