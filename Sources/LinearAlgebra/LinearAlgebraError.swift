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
  /// LAPACK reported success, but what it returned is no result.
  case unsoundResult(routine: String)
  /// OpenBLAS or LAPACKE cannot be loaded, for the reason that the system gave.
  case libraryMissing(reason: String)
  /// A limit of the process leaves OpenBLAS less address space than one thread takes.
  case noAddressSpace(neededBytes: Int)
  /// The environment's `SDMOE_SIMD` names no instruction set.
  case unknownInstructionSet(name: String)
  /// The environment's `SDMOE_SIMD` names instructions that this processor does not have.
  case instructionSetMissing(InstructionSet, available: [InstructionSet])
  /// Results shall be those of kernels that this machine does not run.
  case otherKernels(wanted: LibraryKernels, found: LibraryKernels)
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
    case .unsoundResult(let routine):
      "made LAPACK's \(routine) report success and return no result, a bug of the library that computes; run the same command again, or with OPENBLAS_CORETYPE=Nehalem"
    case .libraryMissing(let reason):
      "the library that computes cannot be loaded: \(reason); "
        + (reason.hasSuffix("Too many open files")
          ? "raise the limit with 'ulimit -n'"
          : "install OpenBLAS and LAPACKE, on Debian libopenblas0 and liblapacke")
    case .noAddressSpace(let needed):
      "about \(needed / 1_000_000) MB of address space are needed, most of them by the library that computes, but a limit of this process leaves less; raise it with ulimit -v or ulimit -d"
    case .unknownInstructionSet(let name):
      "SDMOE_SIMD: '\(name)' is no instruction set; use \(Self.list(InstructionSet.allCases)), or unset it"
    case .instructionSetMissing(let set, let available):
      "SDMOE_SIMD: this processor does not have \(set.rawValue); use \(Self.list(available)), or unset it"
    case .otherKernels(let wanted, let found) where wanted.library == found.library:
      "this machine runs \(found), not \(wanted), and the last digits would differ; run on machines of one kind, or plan with OPENBLAS_CORETYPE and SDMOE_SIMD set to what all of them run"
    case .otherKernels(let wanted, let found):
      "this machine runs \(found), not \(wanted), and the last digits would differ; run on machines with the same library, or plan on one of these"
    }
  }

  private static func list(_ sets: [InstructionSet]) -> String {
    sets.map(\.rawValue).joined(separator: " or ")
  }
}
