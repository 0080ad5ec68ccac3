import Tensors

/// The singular values of many small square matrices of one size, in storage that is allocated once.
///
/// The singular values of C are the square roots of the eigenvalues of C^T C, which is formed,
/// reduced to three diagonals and solved in double precision. A square loses half the digits of a
/// value near zero: each singular value has an absolute error below 1e-7 ||C||.
struct SmallSingularValues: ~Copyable {
  typealias Lanes = SIMD4<Double>

  /// Up to this size the code here is faster than LAPACK's, which pays for its calls; measured.
  static let largestOwnSize = 48

  /// k, the number of rows and columns.
  let size: Int
  /// The number of groups of four columns that fill a row; the last group ends in zeros.
  let width: Int
  /// C: `size` rows of `width` groups each.
  private var factor: [Lanes]
  /// C^T C, likewise.
  var square: [Lanes]
  /// A Householder vector.
  var reflector: [Lanes]
  /// Its product with C^T C.
  var image: [Lanes]
  var tridiagonal: SymmetricTridiagonal

  init(size: Int) {
    precondition(size > 0, "a matrix of size \(size)")
    self.size = size
    width = (size + 3) / 4
    let own = size <= Self.largestOwnSize ? size * width : 0
    factor = [Lanes](repeating: .zero, count: own)
    square = factor
    reflector = [Lanes](repeating: .zero, count: width)
    image = reflector
    tridiagonal = SymmetricTridiagonal(size: size)
  }

  /// Computes the sum of the singular values of one matrix.
  ///
  /// - Parameter block: k x k.
  /// - Returns: The sum; nil where an element is not finite.
  /// - Throws: LAPACK's own failures.
  /// - Complexity: O(k^3)
  mutating func sum(of block: MatrixView<Float>) throws(LinearAlgebraError) -> Double? {
    if size <= 2 {
      let sum = closedForm(block)
      return sum.isFinite ? sum : nil
    }
    return try values(of: block)?.reduce(0, +)
  }

  /// Computes the singular values of one matrix.
  ///
  /// - Parameter block: k x k.
  /// - Returns: The values in any order; nil where an element is not finite.
  /// - Throws: LAPACK's own failures.
  /// - Complexity: O(k^3)
  mutating func values(of block: MatrixView<Float>) throws(LinearAlgebraError) -> [Double]? {
    precondition(
      block.rowCount == size && block.columnCount == size,
      "a block of \(block.rowCount) x \(block.columnCount) instead of \(size) x \(size)")
    if size <= Self.largestOwnSize {
      load(block)
      formSquare()
      // Sums of squares of Floats do not overflow, so the trace is finite if, and only if, all
      // elements of C are.
      guard trace.isFinite else { return nil }
      reduceToThreeDiagonals()
      if tridiagonal.solve() { return tridiagonal.diagonal.map { max(0, $0).squareRoot() } }
    }
    return try valuesByLAPACK(block)
  }

  private func closedForm(_ block: MatrixView<Float>) -> Double {
    let a = Double(block[0, 0])
    if size == 1 { return abs(a) }
    let (b, c, d) = (Double(block[0, 1]), Double(block[1, 0]), Double(block[1, 1]))
    // (s_1 + s_2)^2 = s_1^2 + s_2^2 + 2 s_1 s_2.
    return (a * a + b * b + c * c + d * d + 2 * abs(a * d - b * c)).squareRoot()
  }

  private mutating func load(_ block: MatrixView<Float>) {
    let whole = size / 4
    guard let base = unsafe block.base else { return }
    for row in 0..<size {
      // Safe: the block has `size` rows and columns, and every index is below `size`. A transposed
      // one is taken as it lies: its singular values are the same.
      let source = unsafe base + row * block.stride
      for group in 0..<whole {
        let first = unsafe source + 4 * group
        factor[row * width + group] = unsafe Lanes(
          Double(first[0]), Double(first[1]), Double(first[2]), Double(first[3]))
      }
      for column in 4 * whole..<size {
        factor[row * width + whole][column - 4 * whole] = unsafe Double(source[column])
      }
    }
  }

  private mutating func formSquare() {
    let (size, width) = (size, width)
    unsafe factor.withUnsafeBufferPointer { factor in
      unsafe square.withUnsafeMutableBufferPointer { square in
        // Safe: both hold size * width groups, and what is written is a row below `size`.
        for group in 0..<width {
          for other in 0..<width {
            // Four rows of the square at a time, so that each group of C is read once for all.
            var sums = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
            for row in 0..<size {
              let left = unsafe factor[row * width + group]
              let right = unsafe factor[row * width + other]
              sums.0 += left[0] * right
              sums.1 += left[1] * right
              sums.2 += left[2] * right
              sums.3 += left[3] * right
            }
            let row = 4 * group
            unsafe square[row * width + other] = sums.0
            if row + 1 < size { unsafe square[(row + 1) * width + other] = sums.1 }
            if row + 2 < size { unsafe square[(row + 2) * width + other] = sums.2 }
            if row + 3 < size { unsafe square[(row + 3) * width + other] = sums.3 }
          }
        }
      }
    }
  }

  private var trace: Double {
    var sum = 0.0
    for row in 0..<size { sum += square[row * width + row / 4][row % 4] }
    return sum
  }

  private func valuesByLAPACK(
    _ block: MatrixView<Float>
  ) throws(LinearAlgebraError) -> [Double]? {
    let wide = block.widened()
    guard wide.elements.allSatisfy(\.isFinite) else { return nil }
    var lower = Matrix<Double>(rowCount: size, columnCount: size)
    lower.withMutableView { lower in
      wide.withView { addSquare(of: $0, toLowerTriangleOf: lower) }
    }
    return try symmetricEigenvalues(ofLowerTriangle: lower.elements, size: size).map {
      max(0, $0).squareRoot()
    }
  }
}
