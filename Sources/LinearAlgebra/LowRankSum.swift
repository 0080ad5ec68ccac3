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

  /// Computes target - C in place, each difference rounded to single precision.
  ///
  /// - Precondition: The target is m x n.
  /// - Complexity: O(m n t)
  public func subtract(from target: inout Matrix<Float>) {
    unsafe forEachRow(of: &target) { unsafe subtractRow($0, from: $1, $2) }
  }

  /// Computes target + C in place, each sum rounded to single precision.
  ///
  /// - Precondition: The target is m x n.
  /// - Complexity: O(m n t)
  public func add(to target: inout Matrix<Float>) {
    unsafe forEachRow(of: &target) { unsafe addRow($0, to: $1, $2) }
  }

  /// C itself.
  ///
  /// - Complexity: O(m n t)
  public func matrix() -> Matrix<Float> {
    var result = Matrix<Float>(rowCount: left.rowCount, columnCount: right.columnCount)
    add(to: &result)
    return result
  }

  /// Computes C row after row, and hands each to `combine` with the row of the target.
  private func forEachRow(
    of target: inout Matrix<Float>,
    _ combine: (
      _ sum: UnsafePointer<Float>, _ target: UnsafeMutablePointer<Float>, _ count: Int
    ) -> Void
  ) {
    let columns = right.columnCount
    let terms = right.rowCount
    precondition(
      target.rowCount == left.rowCount && target.columnCount == columns,
      "the target does not fit")
    guard !target.elements.isEmpty else { return }
    var row = [Float](repeating: 0, count: columns)
    unsafe target.elements.withUnsafeMutableBufferPointer { target in
      unsafe row.withUnsafeMutableBufferPointer { row in
        unsafe left.elements.withUnsafeBufferPointer { left in
          unsafe right.elements.withUnsafeBufferPointer { right in
            unsafe (base?.elements ?? []).withUnsafeBufferPointer { base in
              guard let sum = row.baseAddress, let target = target.baseAddress else { return }
              for place in 0..<self.left.rowCount {
                // Safe: `sum` has room for a row, row `place` lies inside the target and the base,
                // and the factors of a row are terms elements of left and rows of right.
                if let base = base.baseAddress, self.base != nil {
                  unsafe sum.update(from: base + place * columns, count: columns)
                } else {
                  unsafe sum.update(repeating: 0, count: columns)
                }
                if let left = left.baseAddress, let right = right.baseAddress {
                  unsafe addTerms(
                    left + place * terms, right, terms: terms, to: sum, columns)
                }
                unsafe combine(sum, target + place * columns, columns)
              }
            }
          }
        }
      }
    }
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

private func subtractRow(
  _ sum: UnsafePointer<Float>, from target: UnsafeMutablePointer<Float>, _ count: Int
) {
  // Safe: the caller has rows of `count` elements.
  for index in 0..<count { unsafe target[index] -= sum[index] }
}

private func addRow(
  _ sum: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int
) {
  // Safe: the caller has rows of `count` elements.
  for index in 0..<count { unsafe target[index] += sum[index] }
}
