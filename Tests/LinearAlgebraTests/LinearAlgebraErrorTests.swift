import LinearAlgebra
import Testing

/// Checks the messages of this room, which follow the name of a matrix.
@Suite struct LinearAlgebraErrorTests {
  static let messages: [(LinearAlgebraError, String)] = [
    (
      .emptyMatrix(rowCount: 0, columnCount: 3),
      "has no singular values, because its shape is 0 x 3"
    ),
    (
      .notFinite(row: 4, column: 17),
      "holds NaN, infinity, or a value beyond single precision at row 4, column 17, counted from 0"
    ),
    (.zeroMatrix, "is zero in every element in single precision, so it has no leading directions"),
    (
      .rankTooLow(asked: 15, singularValue: 1e-9, smallestAllowed: 2e-4),
      "has a rank below 15: singular value 15 is 1e-09, and anything up to 0.0002 is rounding noise"
    ),
    (
      .tooLarge(size: 3_000_000_000),
      "has a side of 3000000000, more than the 2147483647 that LAPACK can count"
    ),
    (
      .outOfMemory(routine: "gesdd"),
      "needs more memory than LAPACK's gesdd could get; use fewer --jobs"
    ),
    (
      .rejectedArgument(routine: "gesdd", position: 5),
      "made LAPACK's gesdd refuse argument 5; this is a bug of sdmoe, please report it"
    ),
    (
      .noConvergence(routine: "gesdd", unconvergedCount: 2),
      "made LAPACK's gesdd stop with 2 values not converged"
    ),
    (
      .unsoundResult(routine: "syevr"),
      "made LAPACK's syevr report success and return no result, a bug of the library that computes; run the same command again, or with OPENBLAS_CORETYPE=Nehalem"
    ),
    (
      .libraryMissing(reason: "libopenblas.so: no such file"),
      "the library that computes cannot be loaded: libopenblas.so: no such file; install OpenBLAS and LAPACKE, on Debian libopenblas0 and liblapacke"
    ),
    (
      .noAddressSpace(neededBytes: 200_900_000),
      "about 200 MB of address space are needed, most of them by the library that computes, but a limit of this process leaves less; raise it with ulimit -v or ulimit -d"
    ),
    (
      .unknownInstructionSet(name: "sse"),
      "SDMOE_SIMD: 'sse' is no instruction set; use portable or avx2 or avx512, or unset it"
    ),
    (
      .instructionSetMissing(.avx512, available: [.portable, .avx2]),
      "SDMOE_SIMD: this processor does not have avx512; use portable or avx2, or unset it"
    ),
  ]

  @Test("messages say what is wrong", arguments: messages)
  func message(error: LinearAlgebraError, text: String) {
    #expect(error.description == text)
  }

  @Test("the library names OpenBLAS and the processor")
  func library() {
    #expect(LinearAlgebraLibrary.description.hasPrefix("OpenBLAS "))
    #expect(LinearAlgebraLibrary.description.contains(" on "))
  }
}
