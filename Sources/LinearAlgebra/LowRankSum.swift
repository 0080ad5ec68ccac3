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
    combine(into: &target) { $0 - $1 }
  }

  /// Computes target + C in place, each sum rounded to single precision.
  ///
  /// - Precondition: The target is m x n.
  /// - Complexity: O(m n t)
  public func add(to target: inout Matrix<Float>) {
    combine(into: &target) { $0 + $1 }
  }

  /// C itself.
  ///
  /// - Complexity: O(m n t)
  public func matrix() -> Matrix<Float> {
    var result = Matrix<Float>(rowCount: left.rowCount, columnCount: right.columnCount)
    combine(into: &result) { $1 }
    return result
  }

  /// So many columns are summed at a time, in registers.
  private typealias Strip = SIMD32<Float>

  @inline(__always)
  private func combine(
    into target: inout Matrix<Float>, _ operation: (Strip, Strip) -> Strip
  ) {
    let rows = left.rowCount
    let columns = right.columnCount
    let terms = right.rowCount
    precondition(
      target.rowCount == rows && target.columnCount == columns, "the target does not fit")
    let whole = columns / Strip.scalarCount * Strip.scalarCount
    unsafe target.elements.withUnsafeMutableBytes { t in
      unsafe left.elements.withUnsafeBufferPointer { l in
        unsafe right.elements.withUnsafeBytes { r in
          unsafe (base?.elements ?? []).withUnsafeBytes { b in
            for row in 0..<rows {
              // Safe: strips lie inside a row of the target, of the base and of right, and
              // row * terms + term is an element of left.
              for column in stride(from: 0, to: whole, by: Strip.scalarCount) {
                let place = 4 * (row * columns + column)
                var sum =
                  base == nil
                  ? Strip.zero : unsafe b.loadUnaligned(fromByteOffset: place, as: Strip.self)
                for term in 0..<terms {
                  let factor = unsafe Strip(repeating: l[row * terms + term])
                  let other = unsafe r.loadUnaligned(
                    fromByteOffset: 4 * (term * columns + column), as: Strip.self)
                  sum += factor * other
                }
                let own = unsafe t.loadUnaligned(fromByteOffset: place, as: Strip.self)
                unsafe t.storeBytes(of: operation(own, sum), toByteOffset: place, as: Strip.self)
              }
              for column in whole..<columns {
                let place = 4 * (row * columns + column)
                var sum =
                  base == nil ? 0 : unsafe b.loadUnaligned(fromByteOffset: place, as: Float.self)
                for term in 0..<terms {
                  let other = unsafe r.loadUnaligned(
                    fromByteOffset: 4 * (term * columns + column), as: Float.self)
                  sum += unsafe l[row * terms + term] * other
                }
                let own = unsafe t.loadUnaligned(fromByteOffset: place, as: Float.self)
                let value = operation(Strip(repeating: own), Strip(repeating: sum))[0]
                unsafe t.storeBytes(of: value, toByteOffset: place, as: Float.self)
              }
            }
          }
        }
      }
    }
  }
}
