public import Tensors

/// A sum C = base + left * right whose elements have the same bits on every processor.
///
/// Each element is computed by itself, ((base + l_0 r_0) + l_1 r_1) + ..., every product and every
/// sum rounded to single precision: no library chooses the order, and nothing is fused. What was
/// taken from a matrix in one place can so be added again in another.
public struct LowRankSum: Sendable {
  private let base: Matrix<Float>?
  private let left: Matrix<Float>
  private let right: Matrix<Float>

  /// Describes a sum.
  ///
  /// - Parameters:
  ///   - base: m x n; nil stands for zeros.
  ///   - left: m x t; t may be 0.
  ///   - right: t x n.
  /// - Precondition: The shapes fit.
  public init(base: Matrix<Float>?, left: Matrix<Float>, right: Matrix<Float>) {
    precondition(left.columnCount == right.rowCount, "the factors do not fit")
    precondition(
      base == nil || base?.rowCount == left.rowCount && base?.columnCount == right.columnCount,
      "the base does not fit the factors")
    self.base = base
    self.left = left
    self.right = right
  }

  /// Computes W - C, each difference rounded to single precision.
  ///
  /// - Precondition: W is m x n.
  /// - Complexity: O(m n t); one pass over W
  public func subtracted(from matrix: Matrix<Float>) -> Matrix<Float> {
    unsafe combined(with: matrix) { unsafe subtract($0, from: $1, into: $2, $3) }
  }

  /// Computes W + C, each sum rounded to single precision.
  ///
  /// - Precondition: W is m x n.
  /// - Complexity: O(m n t); one pass over W
  public func added(to matrix: Matrix<Float>) -> Matrix<Float> {
    unsafe combined(with: matrix) { unsafe add($0, to: $1, into: $2, $3) }
  }

  /// C itself.
  ///
  /// - Complexity: O(m n t)
  public func matrix() -> Matrix<Float> {
    added(to: Matrix(rowCount: left.rowCount, columnCount: right.columnCount))
  }

  /// Computes C row after row, and hands each to `combine` with the row of W and that of the result.
  private func combined(
    with matrix: Matrix<Float>,
    _ combine: (
      _ sum: UnsafePointer<Float>, _ row: UnsafePointer<Float>,
      _ result: UnsafeMutablePointer<Float>, _ count: Int
    ) -> Void
  ) -> Matrix<Float> {
    let columns = right.columnCount
    let terms = right.rowCount
    precondition(
      matrix.rowCount == left.rowCount && matrix.columnCount == columns, "the matrix does not fit")
    let count = matrix.elements.count
    guard count > 0 else { return matrix }
    var row = [Float](repeating: 0, count: columns)
    let elements = unsafe [Float](unsafeUninitializedCapacity: count) { result, initialized in
      unsafe matrix.elements.withUnsafeBufferPointer { source in
        unsafe row.withUnsafeMutableBufferPointer { row in
          unsafe left.elements.withUnsafeBufferPointer { left in
            unsafe right.elements.withUnsafeBufferPointer { right in
              unsafe (base?.elements ?? []).withUnsafeBufferPointer { base in
                guard let sum = row.baseAddress, let source = source.baseAddress,
                  let result = result.baseAddress
                else { return }
                for place in stride(from: 0, to: count, by: columns) {
                  // Safe: `sum` has room for a row, the row from `place` on lies inside W, the
                  // result and the base, and the factors of a row are terms elements of left and
                  // rows of right.
                  if let base = base.baseAddress, self.base != nil {
                    unsafe sum.update(from: base + place, count: columns)
                  } else {
                    unsafe sum.update(repeating: 0, count: columns)
                  }
                  if let left = left.baseAddress, let right = right.baseAddress {
                    unsafe addTerms(
                      left + place / columns * terms, right, terms: terms, to: sum, columns)
                  }
                  unsafe combine(sum, source + place, result + place, columns)
                }
              }
            }
          }
        }
      }
      initialized = count
    }
    return Matrix(rowCount: matrix.rowCount, columnCount: columns, elements: elements)
  }
}

/// Adds the rows of a matrix, each times its factor.
private func addTerms(
  _ factors: UnsafePointer<Float>, _ rows: UnsafePointer<Float>, terms: Int,
  to sum: UnsafeMutablePointer<Float>, _ count: Int
) {
  // Safe: the caller has `terms` factors and as many rows of `count` elements.
  var term = 0
  while term + 4 <= terms {
    unsafe addFour(factors + term, rows + term * count, to: sum, count)
    term += 4
  }
  while term < terms {
    unsafe addOne(factors[term], rows + term * count, to: sum, count)
    term += 1
  }
}

/// Adds four rows, each times its factor, one after the other in every element.
private func addFour(
  _ factors: UnsafePointer<Float>, _ rows: UnsafePointer<Float>,
  to sum: UnsafeMutablePointer<Float>, _ count: Int
) {
  // Safe: the caller has four factors and four rows of `count` elements, one after the other.
  let (a, b, c, d) = unsafe (factors[0], factors[1], factors[2], factors[3])
  for index in 0..<count {
    var value = unsafe sum[index]
    unsafe value += a * rows[index]
    unsafe value += b * rows[count &+ index]
    unsafe value += c * rows[2 &* count &+ index]
    unsafe value += d * rows[3 &* count &+ index]
    unsafe sum[index] = value
  }
}

private func addOne(
  _ factor: Float, _ row: UnsafePointer<Float>, to sum: UnsafeMutablePointer<Float>, _ count: Int
) {
  // Safe: the caller has rows of `count` elements.
  for index in 0..<count { unsafe sum[index] += factor * row[index] }
}

private func subtract(
  _ sum: UnsafePointer<Float>, from row: UnsafePointer<Float>,
  into result: UnsafeMutablePointer<Float>, _ count: Int
) {
  // Safe: the caller has rows of `count` elements.
  for index in 0..<count { unsafe result[index] = row[index] - sum[index] }
}

private func add(
  _ sum: UnsafePointer<Float>, to row: UnsafePointer<Float>,
  into result: UnsafeMutablePointer<Float>, _ count: Int
) {
  // Safe: the caller has rows of `count` elements.
  for index in 0..<count { unsafe result[index] = row[index] + sum[index] }
}
