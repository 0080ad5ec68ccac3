/// What can go wrong in this room.
///
/// Matrices are named by whoever knows what they are.
public enum LinearAlgebraError: Error, Equatable, Sendable {
  /// A matrix without rows or columns has no singular values.
  case emptyMatrix(rowCount: Int, columnCount: Int)
  /// An element is NaN or infinite; row and column count from 0.
  case notFinite(row: Int, column: Int)
  /// Every element is zero, so no direction is defined.
  case zeroMatrix
  /// More directions were asked for than the matrix has.
  case rankTooLow(asked: Int, singularValue: Double, smallestAllowed: Double)
  /// A size does not fit the library's integers.
  case tooLarge(size: Int)
  /// LAPACK could not get memory for its work space.
  case outOfMemory(routine: String)
  /// LAPACK refused an argument: a bug of ours.
  case rejectedArgument(routine: String, position: Int)
  /// LAPACK's iteration did not converge.
  case noConvergence(routine: String, unconvergedCount: Int)
}

extension LinearAlgebraError: CustomStringConvertible {
  /// What went wrong, without the name of the matrix.
  public var description: String {
    switch self {
    case .emptyMatrix(let rows, let columns):
      "has no singular values, because its shape is \(rows) x \(columns)"
    case .notFinite(let row, let column):
      "holds NaN, infinity, or a value beyond single precision at row \(row), column \(column), counted from 0"
    case .zeroMatrix:
      "is zero in every element in single precision, so it has no leading directions"
    case .rankTooLow(let asked, let value, let allowed):
      "has a rank below \(asked): singular value \(asked) is \(value), and anything up to \(allowed) is rounding noise"
    case .tooLarge(let size):
      "has a side of \(size), more than the 2147483647 that LAPACK can count"
    case .outOfMemory(let routine):
      "needs more memory than LAPACK's \(routine) could get; use fewer --jobs"
    case .rejectedArgument(let routine, let position):
      "made LAPACK's \(routine) refuse argument \(position); this is a bug of sdmoe, please report it"
    case .noConvergence(let routine, let count):
      "made LAPACK's \(routine) stop with \(count) values not converged"
    }
  }
}
