import CLAPACKE
import COpenBLAS
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
  private static var lookahead: Int { 8 }
  /// A relative gap below this one is taken for this one: such directions are flagged as
  /// ill-separated anyway.
  static var smallestGap: Double { 1e-3 }
  /// The relative error allowed in a wanted singular value.
  private static var allowedValueError: Double { 1e-4 }

  /// Columns in each block: wide enough for fast products, narrow enough for many steps.
  var blockWidth: Int { wanted <= 24 ? 16 : 32 }

  /// Iterates until the wanted triplets are accurate.
  ///
  /// - Complexity: each step makes one pass over W for both products with it, 4 m n b operations
  ///   for a block of b columns, and 8 n b d for a basis of d columns so far.
  func run(
    rowCount m: Int, columnCount n: Int, elements: UnsafeMutablePointer<Scalar>
  ) throws(LinearAlgebraError) -> Outcome {
    let b = blockWidth
    // Past half the rank a full decomposition is the cheaper way.
    let stepLimit = min(m, n) / 2 / b
    guard stepLimit * b >= wanted + Self.lookahead else { return .exhausted }
    // Safe: the caller lends m * n elements for the length of this call.
    let weights = unsafe MatrixBlock(
      base: elements, rowCount: m, columnCount: n, stride: n)

    var capacity = 0
    var basis = Panel<Scalar>(rowCount: n, columnCount: 0)
    var images = Panel<Scalar>(rowCount: m, columnCount: 0)
    var products = Panel<Scalar>(rowCount: n, columnCount: 0)
    var projected: [Scalar] = []

    for step in 0..<stepLimit {
      let done = step * b
      let size = done + b
      if size > capacity {
        // Ten blocks are enough nearly always; the copies are cheap beside a pass over W.
        let grown = min(stepLimit, max(10, 2 * step)) * b
        basis = basis.widened(to: grown)
        images = images.widened(to: grown)
        products = products.widened(to: grown)
        projected = Self.widened(projected, from: capacity, to: grown, used: done)
        capacity = grown
      }
      let block = basis.block.columns(done..<size)
      if step == 0 {
        fillEvenly(block)
        guard try orthonormalise(block) else { return .exhausted }
      } else {
        copy(products.block.columns(done - b..<done), into: block)
        guard
          try orthonormalise(block, against: basis.block.columns(0..<done))
        else { return .exhausted }
      }
      multiplyTwice(
        weights, block: block, image: images.block.columns(done..<size),
        product: products.block.columns(done..<size))
      unsafe projected.withUnsafeMutableBufferPointer { storage in
        guard let base = storage.baseAddress else { return }
        // Safe: the storage is capacity * capacity, and rows and columns stay under size <=
        // capacity.
        let column = unsafe MatrixBlock(
          base: base + done, rowCount: size, columnCount: b, stride: capacity)
        multiply(
          basis.block.columns(0..<size), transposed: true, by: products.block.columns(done..<size),
          into: column)
      }
      guard size >= wanted + Self.lookahead, step >= 2 else { continue }
      let ritz = try ritzPairs(of: projected, stride: capacity, size: size)
      let residuals = residualNorms(
        of: ritz, products: products.block.columns(0..<size), basis: basis.block.columns(0..<size))
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
      return .converged(
        try triplets(
          from: ritz, basis: basis.block.columns(0..<size), images: images.block.columns(0..<size),
          angle: verdict.angle, passes: step + 1))
    }
    return .exhausted
  }
}

// MARK: Ritz pairs and what they are worth

extension BlockKrylov {
  /// The largest Ritz values and the coefficients of their vectors in the basis, largest first.
  struct RitzPairs {
    let values: [Scalar]
    /// size x count, row after row.
    let coefficients: [Scalar]
    let size: Int
    var count: Int { values.count }
  }

  /// What Ritz pairs are worth: bounds on angles in radians, and on relative errors of singular
  /// values.
  private struct Verdict {
    let angle: Double
    let directionAngle: Double
    let valueError: Double
    let precisionTooLow: Bool
  }

  private func ritzPairs(
    of projected: [Scalar], stride: Int, size: Int
  ) throws(LinearAlgebraError) -> RitzPairs {
    let count = min(size, wanted + Self.lookahead)
    // Only the blocks on and above the diagonal were computed: row-major upper is column-major
    // lower.
    var packed = [Scalar](repeating: 0, count: size * size)
    for row in 0..<size {
      for column in row..<size {
        packed[row * size + column] = projected[row * stride + column]
      }
    }
    var found: clapacke_int = 0
    var values = [Scalar](repeating: 0, count: size)
    var vectors = [Scalar](repeating: 0, count: size * count)
    var support = [clapacke_int](repeating: 0, count: 2 * count)
    let n = try lapackSize(size)
    let first = try lapackSize(size - count + 1)
    let info = unsafe packed.withUnsafeMutableBufferPointer { a in
      unsafe values.withUnsafeMutableBufferPointer { w in
        unsafe vectors.withUnsafeMutableBufferPointer { z in
          unsafe support.withUnsafeMutableBufferPointer { isuppz in
            // Safe: a holds n * n, w n, z n * count, isuppz 2 * count elements.
            unsafe Scalar.routines.syevr(
              LAPACK_COL_MAJOR, lapackLetter("V"), lapackLetter("I"), lapackLetter("L"), n,
              a.baseAddress, n, 0, 0, first, n, 0, &found, w.baseAddress, z.baseAddress, n,
              isuppz.baseAddress)
          }
        }
      }
    }
    try checkStatus(info, of: "syevr")
    // LAPACK orders upwards, one vector after the other; we want downwards, one vector in each
    // column.
    var coefficients = [Scalar](repeating: 0, count: size * count)
    for vector in 0..<count {
      for row in 0..<size {
        coefficients[row * count + vector] = vectors[(count - 1 - vector) * size + row]
      }
    }
    return RitzPairs(
      values: Array(values[0..<count].reversed()), coefficients: coefficients, size: size)
  }

  /// ||A v - theta v|| of every Ritz pair, from the products that were really made.
  private func residualNorms(
    of ritz: RitzPairs, products: MatrixBlock<Scalar>, basis: MatrixBlock<Scalar>
  ) -> [Double] {
    let n = basis.rowCount
    let count = ritz.count
    let residual = Panel<Scalar>(rowCount: n, columnCount: count)
    var coefficients = ritz.coefficients
    var scaled = ritz.coefficients
    for place in scaled.indices { scaled[place] *= ritz.values[place % count] }
    unsafe coefficients.withUnsafeMutableBufferPointer { s in
      unsafe scaled.withUnsafeMutableBufferPointer { scaled in
        guard let s = s.baseAddress, let scaled = scaled.baseAddress else { return }
        // Safe: both lists hold size * count elements.
        unsafe multiply(
          products,
          by: MatrixBlock(base: s, rowCount: ritz.size, columnCount: count, stride: count),
          into: residual.block)
        unsafe multiply(
          basis,
          by: MatrixBlock(base: scaled, rowCount: ritz.size, columnCount: count, stride: count),
          factor: -1, keeping: 1, into: residual.block)
      }
    }
    var squares = [Double](repeating: 0, count: count)
    for row in 0..<n {
      for column in 0..<count {
        // Safe: inside the panel.
        let value = unsafe Double(residual.block.base[row * count + column])
        squares[column] += value * value
      }
    }
    return squares.map { $0.squareRoot() }
  }

  /// Bounds the angles between the computed and the true directions.
  ///
  /// For an exact eigenvector x_i of A with value l_i, the component of a Ritz vector v along it is
  /// <x_i, r> / (l_i - theta). The residual r is orthogonal to the basis, so a direction that the
  /// basis has nearly caught adds only the product of two residuals, and all that it has not caught
  /// lies beyond the last Ritz value.
  private func judge(
    _ theta: [Scalar], _ residuals: [Double]
  ) -> Verdict {
    let values = theta.map { Double($0) }
    let beyond = values[values.count - 1]
    func gap(_ one: Double, _ other: Double) -> Double {
      max(abs(one - other), Self.smallestGap * max(one, other), .leastNormalMagnitude)
    }
    func uncaught(_ index: Int) -> Double {
      min(1, residuals[index] / gap(values[index], beyond))
    }
    /// The squared angle of one direction: what the basis has not caught, and what mixes in.
    func squaredAngle(of index: Int, mixingWith others: [Int]) -> Double {
      others.reduce(uncaught(index) * uncaught(index)) { square, other in
        let mixing = uncaught(other) * residuals[index] / gap(values[index], values[other])
        return square + min(1, mixing * mixing)
      }
    }
    let caught = Array(0..<values.count - 1)
    let outside = caught.filter { $0 >= subspaceRank }
    let squares = (0..<subspaceRank).reduce(0) { $0 + squaredAngle(of: $1, mixingWith: outside) }
    let directionAngle = (0..<wanted).reduce(0) { worst, index in
      max(worst, squaredAngle(of: index, mixingWith: caught.filter { $0 != index }))
    }.squareRoot()
    // An eigenvalue lies within r^2 / gap of theta (Parlett, sec. 11.7); a square root halves
    // relative errors.
    let valueError = (0..<wanted).reduce(0) { worst, index in
      max(
        worst, uncaught(index) * residuals[index] / (2 * max(values[index], .leastNormalMagnitude)))
    }
    // A residual cannot become smaller than the rounding of the products it is made of.
    let rounding = 4 * Double(Scalar.ulpOfOne) * values[0]
    let needed = allowedAngle * gap(values[subspaceRank - 1], beyond)
    return Verdict(
      angle: squares.squareRoot(), directionAngle: directionAngle, valueError: valueError,
      precisionTooLow: rounding > needed)
  }

  /// The triplets themselves: the SVD of W restricted to the Ritz vectors.
  private func triplets(
    from ritz: RitzPairs, basis: MatrixBlock<Scalar>, images: MatrixBlock<Scalar>, angle: Double,
    passes: Int
  ) throws(LinearAlgebraError) -> LeadingTriplets {
    let n = basis.rowCount
    let m = images.rowCount
    var right = Matrix<Scalar>(rowCount: n, columnCount: wanted)
    var image = Matrix<Scalar>(rowCount: m, columnCount: wanted)
    var coefficients = ritz.coefficients
    unsafe coefficients.withUnsafeMutableBufferPointer { s in
      guard let s = s.baseAddress else { return }
      // Safe: the list holds size * count elements, of which the leading `wanted` columns are used.
      let leading = unsafe MatrixBlock(
        base: s, rowCount: ritz.size, columnCount: wanted, stride: ritz.count)
      right.withBlock { multiply(basis, by: leading, into: $0) }
      image.withBlock { multiply(images, by: leading, into: $0) }
    }
    // W V = U' diag(s) R^T, so the triplets of W on this subspace are U', s and V R.
    let small = try SingularValueDecomposition(of: image)
    var rotated = Matrix<Scalar>(rowCount: n, columnCount: wanted)
    var rotation = small.right
    right.withBlock { right in
      rotation.withBlock { rotation in
        rotated.withBlock { multiply(right, by: rotation, into: $0) }
      }
    }
    return LeadingTriplets(
      singularValues: small.singularValues.map { Double($0) },
      left: Matrix(
        rowCount: m, columnCount: wanted, elements: small.left.elements.map { Float($0) }),
      right: Matrix(rowCount: n, columnCount: wanted, elements: rotated.elements.map { Float($0) }),
      method: .blockKrylov(passes: passes, doublePrecision: Scalar.self == Double.self),
      angleBound: angle)
  }
}

// MARK: Blocks

extension BlockKrylov {
  /// Computes W X and W^T (W X) in one pass over W: each group of rows serves both products while
  /// it is in cache.
  private func multiplyTwice(
    _ weights: MatrixBlock<Scalar>, block: MatrixBlock<Scalar>, image: MatrixBlock<Scalar>,
    product: MatrixBlock<Scalar>
  ) {
    let m = weights.rowCount
    let height = Self.groupHeight(rowLength: weights.columnCount, blockWidth: block.columnCount)
    var start = 0
    while start < m {
      let rows = start..<min(m, start + height)
      multiply(weights.rows(rows), by: block, into: image.rows(rows))
      multiply(
        weights.rows(rows), transposed: true, by: image.rows(rows), keeping: start == 0 ? 0 : 1,
        into: product)
      start = rows.upperBound
    }
  }

  /// How many rows of W are worked on at a time.
  ///
  /// OpenBLAS multiplies up to 100^3 elements in place and packs larger factors first, which costs
  /// as much as the product itself where one side is as narrow as ours. Where even eight rows are
  /// more, half a megabyte of W stays in the second-level cache of current processors.
  private static func groupHeight(rowLength: Int, blockWidth: Int) -> Int {
    let unpacked = 1_000_000 / (rowLength * blockWidth) / 8 * 8
    return unpacked > 0 ? unpacked : max(16, (1 << 19) / (rowLength * MemoryLayout<Scalar>.size))
  }

  /// Fills a block with evenly distributed numbers from a fixed seed: any start without structure
  /// serves.
  private func fillEvenly(_ block: MatrixBlock<Scalar>) {
    var generator = SeededGenerator(seed: 0x5d40e)
    for row in 0..<block.rowCount {
      for column in 0..<block.columnCount {
        // Safe: inside the block.
        unsafe block.base[row * block.stride + column] = Scalar(generator.uniform() - 0.5)
      }
    }
  }

  private func copy(_ source: MatrixBlock<Scalar>, into target: MatrixBlock<Scalar>) {
    for row in 0..<source.rowCount {
      // Safe: both blocks have the same shape.
      unsafe (target.base + row * target.stride).update(
        from: source.base + row * source.stride, count: source.columnCount)
    }
  }

  /// Makes the columns of a block orthonormal, and orthogonal to earlier ones; false if they are
  /// not independent.
  ///
  /// Twice is enough where Cholesky's way works: the second round takes away what rounding left in
  /// the first. A block that is nearly dependent goes through Householder's way first, and needs a
  /// round more.
  private func orthonormalise(
    _ block: MatrixBlock<Scalar>, against earlier: MatrixBlock<Scalar>? = nil
  ) throws(LinearAlgebraError) -> Bool {
    var clean = 0
    for _ in 0..<4 {
      if let earlier {
        let coefficients = Panel<Scalar>(
          rowCount: earlier.columnCount, columnCount: block.columnCount)
        multiply(earlier, transposed: true, by: block, into: coefficients.block)
        multiply(earlier, by: coefficients.block, factor: -1, keeping: 1, into: block)
      }
      if choleskyOrthonormalise(block) {
        clean += 1
        if clean == 2 { return true }
      } else {
        clean = 0
        try householderOrthonormalise(block)
      }
    }
    return false
  }

  private func householderOrthonormalise(
    _ block: MatrixBlock<Scalar>
  ) throws(LinearAlgebraError) {
    var columns = Matrix<Scalar>(rowCount: block.rowCount, columnCount: block.columnCount)
    columns.withBlock { copy(block, into: $0) }
    try orthonormalColumns(of: columns).withReadOnlyBlock { copy($0, into: block) }
  }

  /// Divides a block by the Cholesky factor of its Gram matrix.
  private func choleskyOrthonormalise(_ block: MatrixBlock<Scalar>) -> Bool {
    let width = block.columnCount
    let gram = Panel<Scalar>(rowCount: width, columnCount: width)
    multiply(block, transposed: true, by: block, into: gram.block)
    // The Gram matrix is symmetric: its row-major upper triangle is column-major lower.
    // Safe: width * width elements; then a triangular solve on the block's own rows.
    let info = unsafe Scalar.routines.potrf(
      LAPACK_COL_MAJOR, lapackLetter("L"), clapacke_int(width), gram.block.base,
      clapacke_int(width))
    guard info == 0 else { return false }
    // Column-major L with G = L L^T reads row-major as L^T = R: block = Q R, so Q = block R^-1.
    unsafe Scalar.routines.trsm(
      CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, CInt(block.rowCount),
      CInt(width), 1, gram.block.base, CInt(width), block.base, CInt(block.stride))
    return true
  }

  private static func widened(
    _ square: [Scalar], from old: Int, to new: Int, used: Int
  ) -> [Scalar] {
    var result = [Scalar](repeating: 0, count: new * new)
    for row in 0..<used {
      for column in 0..<used { result[row * new + column] = square[row * old + column] }
    }
    return result
  }
}
