import CLAPACKE
import COpenBLAS

/// A scalar that BLAS and LAPACK have routines for: `Float` (the `s` family) or `Double` (the `d`
/// family).
public protocol LAPACKScalar: BinaryFloatingPoint, Sendable {
  /// The routines that work on this scalar.
  static var routines: LAPACKRoutines<Self> { get }

  /// sdmoe's own loops over rows of this scalar.
  static var kernels: RowKernels<Self> { get }
}

/// The BLAS and LAPACK routines for one scalar type, so that each algorithm is written once.
///
/// Safe to hold and pass on: only this module can make one or call what is inside.
@safe public struct LAPACKRoutines<Scalar: LAPACKScalar>: Sendable {
  typealias Pointer = UnsafeMutablePointer<Scalar>
  typealias ConstPointer = UnsafePointer<Scalar>

  typealias MatrixProduct =
    @Sendable (
      _ order: CBLAS_ORDER, _ transposeA: CBLAS_TRANSPOSE, _ transposeB: CBLAS_TRANSPOSE,
      _ m: CInt, _ n: CInt, _ k: CInt, _ alpha: Scalar, _ a: ConstPointer?, _ lda: CInt,
      _ b: ConstPointer?, _ ldb: CInt, _ beta: Scalar, _ c: Pointer?, _ ldc: CInt
    ) -> Void
  typealias SymmetricProduct =
    @Sendable (
      _ order: CBLAS_ORDER, _ triangle: CBLAS_UPLO, _ transpose: CBLAS_TRANSPOSE, _ n: CInt,
      _ k: CInt, _ alpha: Scalar, _ a: ConstPointer?, _ lda: CInt, _ beta: Scalar, _ c: Pointer?,
      _ ldc: CInt
    ) -> Void
  typealias TriangularSolve =
    @Sendable (
      _ order: CBLAS_ORDER, _ side: CBLAS_SIDE, _ triangle: CBLAS_UPLO,
      _ transpose: CBLAS_TRANSPOSE, _ diagonal: CBLAS_DIAG, _ m: CInt, _ n: CInt, _ alpha: Scalar,
      _ a: ConstPointer?, _ lda: CInt, _ b: Pointer?, _ ldb: CInt
    ) -> Void
  typealias Cholesky =
    @Sendable (
      _ layout: CInt, _ triangle: CChar, _ n: clapacke_int, _ a: Pointer?, _ lda: clapacke_int
    ) -> clapacke_int
  typealias SingularValueDecomposition =
    @Sendable (
      _ layout: CInt, _ job: CChar, _ m: clapacke_int, _ n: clapacke_int, _ a: Pointer?,
      _ lda: clapacke_int, _ s: Pointer?, _ u: Pointer?, _ ldu: clapacke_int, _ vt: Pointer?,
      _ ldvt: clapacke_int
    ) -> clapacke_int
  typealias SymmetricEigenvectors =
    @Sendable (
      _ layout: CInt, _ job: CChar, _ range: CChar, _ triangle: CChar, _ n: clapacke_int,
      _ a: Pointer?, _ lda: clapacke_int, _ lowest: Scalar, _ highest: Scalar,
      _ first: clapacke_int, _ last: clapacke_int, _ tolerance: Scalar,
      _ found: UnsafeMutablePointer<clapacke_int>?, _ values: Pointer?, _ vectors: Pointer?,
      _ ldz: clapacke_int, _ support: UnsafeMutablePointer<clapacke_int>?
    ) -> clapacke_int

  typealias SymmetricDecomposition =
    @Sendable (
      _ layout: CInt, _ job: CChar, _ triangle: CChar, _ n: clapacke_int, _ a: Pointer?,
      _ lda: clapacke_int, _ values: Pointer?
    ) -> clapacke_int
  typealias Factorisation =
    @Sendable (
      _ layout: CInt, _ m: clapacke_int, _ n: clapacke_int, _ a: Pointer?, _ lda: clapacke_int,
      _ tau: Pointer?
    ) -> clapacke_int
  typealias FactorExpansion =
    @Sendable (
      _ layout: CInt, _ m: clapacke_int, _ n: clapacke_int, _ k: clapacke_int, _ a: Pointer?,
      _ lda: clapacke_int, _ tau: ConstPointer?
    ) -> clapacke_int

  let gemm: MatrixProduct
  let syrk: SymmetricProduct
  let trsm: TriangularSolve
  let potrf: Cholesky
  let gesdd: SingularValueDecomposition
  let syevr: SymmetricEigenvectors
  let syevd: SymmetricDecomposition
  let gelqf: Factorisation
  let orglq: FactorExpansion
}

extension Float: LAPACKScalar {
  /// The single-precision routines.
  public static let routines = unsafe LAPACKRoutines<Float>(
    gemm: routine("cblas_sgemm", as: copenblas_cblas_sgemm.self),
    syrk: routine("cblas_ssyrk", as: copenblas_cblas_ssyrk.self),
    trsm: routine("cblas_strsm", as: copenblas_cblas_strsm.self),
    potrf: routine("LAPACKE_spotrf", as: clapacke_LAPACKE_spotrf.self),
    gesdd: routine("LAPACKE_sgesdd", as: clapacke_LAPACKE_sgesdd.self),
    syevr: routine("LAPACKE_ssyevr", as: clapacke_LAPACKE_ssyevr.self),
    syevd: routine("LAPACKE_ssyevd", as: clapacke_LAPACKE_ssyevd.self),
    gelqf: routine("LAPACKE_sgelqf", as: clapacke_LAPACKE_sgelqf.self),
    orglq: routine("LAPACKE_sorglq", as: clapacke_LAPACKE_sorglq.self))

  /// The loops in single precision.
  public static var kernels: RowKernels<Float> { RowKernels<Float>.float }
}

extension Double: LAPACKScalar {
  /// The double-precision routines.
  public static let routines = unsafe LAPACKRoutines<Double>(
    gemm: routine("cblas_dgemm", as: copenblas_cblas_dgemm.self),
    syrk: routine("cblas_dsyrk", as: copenblas_cblas_dsyrk.self),
    trsm: routine("cblas_dtrsm", as: copenblas_cblas_dtrsm.self),
    potrf: routine("LAPACKE_dpotrf", as: clapacke_LAPACKE_dpotrf.self),
    gesdd: routine("LAPACKE_dgesdd", as: clapacke_LAPACKE_dgesdd.self),
    syevr: routine("LAPACKE_dsyevr", as: clapacke_LAPACKE_dsyevr.self),
    syevd: routine("LAPACKE_dsyevd", as: clapacke_LAPACKE_dsyevd.self),
    gelqf: routine("LAPACKE_dgelqf", as: clapacke_LAPACKE_dgelqf.self),
    orglq: routine("LAPACKE_dorglq", as: clapacke_LAPACKE_dorglq.self))

  /// The loops in double precision.
  public static var kernels: RowKernels<Double> { RowKernels<Double>.double }
}

/// Looks a routine up in the libraries, which are loaded if need be.
///
/// - Precondition: They can be loaded, as ``LinearAlgebraLibrary/start(threads:)`` makes sure of.
private func routine<Function>(_ name: String, as type: Function.Type) -> Function {
  LoadedLibraries.require()
  guard let address = unsafe LoadedLibraries.address(of: name) else {
    preconditionFailure("\(name) is missing from the libraries that were loaded")
  }
  // Safe: the type is that of the routine in the library's own header.
  return unsafe unsafeBitCast(address, to: type)
}
