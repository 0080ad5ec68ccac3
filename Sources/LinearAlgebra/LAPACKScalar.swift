import CLAPACKE
import COpenBLAS

/// A scalar that BLAS and LAPACK have routines for: `Float` (the `s` family) or `Double` (the `d`
/// family).
public protocol LAPACKScalar: BinaryFloatingPoint, Sendable {
  /// The routines that work on this scalar.
  static var routines: LAPACKRoutines<Self> { get }
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
  let gelqf: Factorisation
  let orglq: FactorExpansion
}

extension Float: LAPACKScalar {
  /// The single-precision routines.
  public static let routines = unsafe LAPACKRoutines<Float>(
    gemm: cblas_sgemm, syrk: cblas_ssyrk, trsm: cblas_strsm, potrf: LAPACKE_spotrf,
    gesdd: LAPACKE_sgesdd,
    syevr: LAPACKE_ssyevr, gelqf: LAPACKE_sgelqf, orglq: LAPACKE_sorglq)
}

extension Double: LAPACKScalar {
  /// The double-precision routines.
  public static let routines = unsafe LAPACKRoutines<Double>(
    gemm: cblas_dgemm, syrk: cblas_dsyrk, trsm: cblas_dtrsm, potrf: LAPACKE_dpotrf,
    gesdd: LAPACKE_dgesdd,
    syevr: LAPACKE_dsyevr, gelqf: LAPACKE_dgelqf, orglq: LAPACKE_dorglq)
}
