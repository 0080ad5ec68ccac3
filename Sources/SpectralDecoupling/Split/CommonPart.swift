import Checkpoints
import LinearAlgebra
import Tensors

/// The part of a unit's weights that all its experts share: W_c = left * right.
struct CommonPart: Sendable {
  let bases: CommonBases
  /// rows x r.
  let left: Matrix<Float>
  /// r x columns.
  let right: Matrix<Float>
  /// What of W_c lies along each basis: U_c^T W_c, and (I - P_U) W_c V_c.
  let projection: ThinProjection
  /// k_c.
  var rank: Int { bases.left?.columnCount ?? bases.right?.columnCount ?? 0 }
  /// W_c itself, rows x columns, with the same bits on every processor.
  let matrix: Matrix<Float>

  /// Takes the common part of a file's factors.
  init(bases: CommonBases, left: Matrix<Float>, right: Matrix<Float>) {
    self.bases = bases
    self.left = left
    self.right = right
    projection = ThinProjection(ofLeft: left, right: right, along: bases)
    matrix = LowRankSum(base: nil, left: left, right: right).matrix()
  }

  /// The least-squares common part of a unit: the weighted mean of what of each expert lies along
  /// the bases.
  ///
  /// - Parameters:
  ///   - mean: The weighted mean of the experts' projections.
  ///   - bases: The common bases.
  ///   - rank: Cuts W_c's decomposition to that rank; nil keeps all, up to 2 k_c.
  /// - Throws: ``LinearAlgebraError`` when LAPACK fails.
  init(meanOf mean: ThinProjection, along bases: CommonBases, cutTo rank: Int?) throws {
    // S = U_c A + B V_c^T.
    let factors = [
      bases.left.flatMap { left in mean.along.map { (left, $0) } },
      bases.right.flatMap { right in mean.across.map { ($0, right.transposed()) } },
    ].compactMap { $0 }
    let left = factors.map(\.0).reduce(Self.noColumns(factors[0].0.rowCount)) { $0.beside($1) }
    let right = factors.map(\.1).reduce(Self.noRows(factors[0].1.columnCount)) { $0.above($1) }
    guard let rank, rank < left.columnCount else {
      self.init(bases: bases, left: left, right: right)
      return
    }
    let cut = try Self.cut(left: left.widened(), right: right.widened(), to: rank)
    self.init(bases: bases, left: cut.left.narrowed(), right: cut.right.narrowed())
  }

  /// The factors of left * right with its decomposition cut to a rank.
  private static func cut(
    left: Matrix<Double>, right: Matrix<Double>, to rank: Int
  ) throws -> (left: Matrix<Double>, right: Matrix<Double>) {
    // Where there are more terms than rows or columns, the product is smaller than its factors.
    guard left.columnCount <= min(left.rowCount, right.columnCount) else {
      let full = try SingularValueDecomposition(of: product(left, right))
      return (scaledLeft(of: full, rank: rank), full.rightRows.leadingRows(rank))
    }
    let rows = try orthonormalColumns(of: left)
    let columns = try orthonormalColumns(of: right.transposed())
    let core = product(product(rows, leftTransposed: true, left), product(right, columns))
    let full = try SingularValueDecomposition(of: core)
    return (
      product(rows, scaledLeft(of: full, rank: rank)),
      product(full.rightRows.leadingRows(rank), columns, rightTransposed: true)
    )
  }

  private static func scaledLeft(
    of full: SingularValueDecomposition<Double>, rank: Int
  ) -> Matrix<Double> {
    var scaled = full.left.leadingColumns(rank)
    for row in 0..<scaled.rowCount {
      for column in 0..<rank { scaled[row, column] *= full.singularValues[column] }
    }
    return scaled
  }

  private static func noColumns(_ rows: Int) -> Matrix<Float> {
    Matrix(rowCount: rows, columnCount: 0)
  }

  private static func noRows(_ columns: Int) -> Matrix<Float> {
    Matrix(rowCount: 0, columnCount: columns)
  }
}

/// What of a matrix W lies along common bases: S = U_c `along` + `across` V_c^T.
struct ThinProjection: Sendable {
  /// U_c^T W, k_c x columns; nil where the rows are not projected.
  let along: Matrix<Float>?
  /// (I - P_U) W V_c, rows x k_c; nil where the columns are not projected.
  let across: Matrix<Float>?

  /// Projects a matrix, in one pass over it.
  init(of matrix: Matrix<Float>, along bases: CommonBases) {
    let products = RowOperator(matrix).products(left: bases.left, right: bases.right)
    along = products.left
    across = products.right.map { across in
      guard let left = bases.left, let right = bases.right, let along = products.left else {
        return across
      }
      return across.subtracting(product(left, product(along, right)))
    }
  }

  /// Projects a product without forming it.
  init(ofLeft left: Matrix<Float>, right: Matrix<Float>, along bases: CommonBases) {
    let along = bases.left.map { product(product($0, leftTransposed: true, left), right) }
    self.along = along
    across = bases.right.map { basis in
      var across = product(left, product(right, basis))
      if let rows = bases.left, let along {
        across = across.subtracting(product(rows, product(along, basis)))
      }
      return across
    }
  }

  /// Takes the numbers that ``elements`` lists.
  init(
    _ elements: [some BinaryFloatingPoint], rowCount: Int, columnCount: Int,
    along bases: CommonBases
  ) {
    let split = (bases.left?.columnCount ?? 0) * columnCount
    along = bases.left.map {
      Matrix(
        rowCount: $0.columnCount, columnCount: columnCount,
        elements: elements[..<split].map { Float($0) })
    }
    across = bases.right.map {
      Matrix(
        rowCount: rowCount, columnCount: $0.columnCount,
        elements: elements[split...].map { Float($0) })
    }
  }

  /// Reads a remainder from its stored factors.
  init(along: Matrix<Float>?, across: Matrix<Float>?) {
    self.along = along
    self.across = across
  }

  /// All numbers, `along` before `across`.
  var elements: [Float] { (along?.elements ?? []) + (across?.elements ?? []) }

  /// What is left of it without another.
  func subtracting(_ other: ThinProjection) -> ThinProjection {
    ThinProjection(
      along: along.flatMap { own in other.along.map { own.subtracting($0) } },
      across: across.flatMap { own in other.across.map { own.subtracting($0) } })
  }

  /// The squared Frobenius norm of U_c `along` + `across` V_c^T, whose terms are orthogonal.
  var squaredNorm: Double {
    (along.map { LinearAlgebra.squaredNorm(of: $0) } ?? 0)
      + (across.map { LinearAlgebra.squaredNorm(of: $0) } ?? 0)
  }

  /// The factors of U_c `along` + `across` V_c^T: rows x 2 k_c and 2 k_c x columns.
  func factors(
    along bases: CommonBases, rowCount: Int, columnCount: Int
  ) -> (left: Matrix<Float>, right: Matrix<Float>) {
    var left = Matrix<Float>(rowCount: rowCount, columnCount: 0)
    var right = Matrix<Float>(rowCount: 0, columnCount: columnCount)
    if let basis = bases.left, let along {
      left = left.beside(basis)
      right = right.above(along)
    }
    if let basis = bases.right, let across {
      left = left.beside(across)
      right = right.above(basis.transposed())
    }
    return (left, right)
  }
}
