import Tensors

/// A block Krylov iteration for the leading singular triplets of one matrix W, m x n.
///
/// It grows an orthonormal basis Q of span{X, AX, A^2 X, ...}, A = W^T W, block after block with
/// full re-orthogonalisation, and takes from it the best approximations there are (Rayleigh and
/// Ritz). The products A Q are kept, so the residual A v - theta v of every approximation is
/// computed, not estimated from the recurrence.
///
/// Source: G. H. Golub and C. F. Van Loan, Matrix Computations, 4th ed., sec. 10.3.6 (block
/// Lanczos); B. N. Parlett, The Symmetric Eigenvalue Problem, ch. 11 (residual bounds).
struct BlockKrylov<Scalar: LAPACKScalar> {
  /// Why the iteration gave up; the caller then takes a slower way.
  enum Outcome {
    case converged(LeadingTriplets)
    /// Rounding in this precision is larger than the residual that the accuracy asks for.
    case precisionTooLow
    /// The basis reached its limit, or the next block had no new direction.
    case exhausted
  }

  /// The number of triplets wanted.
  let wanted: Int
  /// The number of leading directions whose common subspace must be accurate.
  let subspaceRank: Int
  /// The largest angle allowed between the computed and the true leading subspace, in radians.
  let allowedAngle: Double

  /// How many Ritz values past the wanted ones say where the rest of the spectrum begins.
  static var lookahead: Int { 8 }
  /// A relative gap below this one is taken for this one: such directions are flagged as
  /// ill-separated anyway.
  static var smallestGap: Double { 1e-3 }
  /// The relative error allowed in a wanted singular value.
  private static var allowedValueError: Double { 1e-4 }

  /// Columns in each block: wide enough for fast products, narrow enough for many steps.
  var blockWidth: Int { wanted <= 24 ? 16 : 32 }

  /// Iterates until the wanted triplets are accurate.
  ///
  /// - Parameter weights: W, m x n, every element finite.
  /// - Returns: The triplets, or why there are none.
  /// - Throws: ``LinearAlgebraError`` when LAPACK fails.
  /// - Complexity: each step makes one pass over W for both products with it, 4 m n b operations
  ///   for a block of b columns, and 8 n b d for a basis of d columns so far.
  func run(
    on weights: some RowSource<Scalar>
  ) throws(LinearAlgebraError) -> Outcome {
    let (m, n) = (weights.rowCount, weights.columnCount)
    let b = blockWidth
    // Past half the rank a full decomposition is the cheaper way.
    let stepLimit = min(m, n) / 2 / b
    guard stepLimit * b >= wanted + Self.lookahead else { return .exhausted }
    let operation = RowOperator(weights)

    var capacity = 0
    var basis = Panel<Scalar>(rowCount: n, columnCount: 0)
    var images = Panel<Scalar>(rowCount: m, columnCount: 0)
    var products = Panel<Scalar>(rowCount: n, columnCount: 0)
    var projected = Panel<Scalar>(rowCount: 0, columnCount: 0)
    // Views do not keep their panels: without this, Swift may free one after the last view is made.
    defer { withExtendedLifetime((basis, images, products, projected)) {} }

    for step in 0..<stepLimit {
      let done = step * b
      let size = done + b
      if size > capacity {
        // Ten blocks are enough nearly always; the copies are cheap beside a pass over W.
        capacity = min(stepLimit, max(10, 2 * step)) * b
        basis = basis.grown(rowCount: n, columnCount: capacity)
        images = images.grown(rowCount: m, columnCount: capacity)
        products = products.grown(rowCount: n, columnCount: capacity)
        projected = projected.grown(rowCount: capacity, columnCount: capacity)
      }
      let block = basis.mutableView.columns(done..<size)
      if step == 0 {
        fillEvenly(block)
        guard try orthonormalise(block) else { return .exhausted }
      } else {
        block.assign(products.view.columns(done - b..<done))
        guard
          try orthonormalise(block, against: basis.view.columns(0..<done))
        else { return .exhausted }
      }
      let square = products.mutableView.columns(done..<size)
      operation.applySquare(
        to: block.readOnly, image: images.mutableView.columns(done..<size), square: square)
      multiply(
        basis.view.columns(0..<size).transposed, square.readOnly,
        into: projected.mutableView.rows(0..<size).columns(done..<size))
      guard size >= wanted + Self.lookahead, step >= 2 else { continue }
      let ritz = try ritzPairs(of: projected.view.rows(0..<size).columns(0..<size))
      let residuals = residualNorms(
        of: ritz, products: products.view.columns(0..<size), basis: basis.view.columns(0..<size))
      let verdict = judge(ritz.values, residuals)
      if verdict.precisionTooLow { return .precisionTooLow }
      guard verdict.angle <= allowedAngle, verdict.directionAngle <= allowedAngle,
        verdict.valueError <= Self.allowedValueError
      else { continue }
      switch equalValues(among: ritz.values, residuals) {
      case .tooMany: return .exhausted
      case .undecided: continue
      case .caught: break
      }
      let triplets = try triplets(
        from: ritz, basis: basis.view.columns(0..<size), images: images.view.columns(0..<size),
        angle: verdict.angle, passes: step + 1)
      return triplets.map { .converged($0) } ?? .exhausted
    }
    return .exhausted
  }

  /// Fills a block with evenly distributed numbers from a fixed seed: any start without structure
  /// serves.
  private func fillEvenly(_ block: MutableMatrixView<Scalar>) {
    var generator = SeededGenerator(seed: 0x5d40e)
    for row in 0..<block.rowCount {
      for column in 0..<block.columnCount {
        block[row, column] = Scalar(generator.uniform() - 0.5)
      }
    }
  }

  /// The triplets themselves: the SVD of W restricted to the Ritz vectors; nil where they are not
  /// what the Ritz values say.
  private func triplets(
    from ritz: RitzPairs, basis: MatrixView<Scalar>, images: MatrixView<Scalar>, angle: Double,
    passes: Int
  ) throws(LinearAlgebraError) -> LeadingTriplets? {
    let (right, image) = ritz.coefficients.withView { coefficients in
      let leading = coefficients.columns(0..<wanted)
      return (product(basis, leading), product(images, leading))
    }
    // W V = U' diag(s) R^T, so the triplets of W on this subspace are U', s and V R.
    let small = try SingularValueDecomposition(of: image)
    let rotated = product(right, small.right)
    // The squares of the values sum to v^T A v over the Ritz vectors, which the Ritz values are: to
    // the rounding of the products, and far nearer than what the accuracy asks for.
    let energy = small.singularValues.reduce(0) { $0 + Double($1) * Double($1) }
    let expected = ritz.values.prefix(wanted).reduce(0) { $0 + Double($1) }
    guard abs(energy - expected) <= 1e-3 * expected, areUnitColumns(rotated) else { return nil }
    return LeadingTriplets(
      singularValues: small.singularValues.map { Double($0) },
      left: Matrix(
        rowCount: images.rowCount, columnCount: wanted,
        elements: small.left.elements.map { Float($0) }),
      right: Matrix(
        rowCount: basis.rowCount, columnCount: wanted,
        elements: rotated.elements.map { Float($0) }),
      method: .blockKrylov(passes: passes, doublePrecision: Scalar.self == Double.self),
      angleBound: angle)
  }
}
