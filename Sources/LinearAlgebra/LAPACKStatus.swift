import CLAPACKE

/// Throws the Swift error that a LAPACK `info` code stands for; returns when the call succeeded.
///
/// Source: LAPACK Users' Guide, 3rd ed., "Error Handling and the Diagnostic Argument INFO"; LAPACKE
/// adds the two memory codes.
func checkStatus(_ info: clapacke_int, of routine: String) throws(LinearAlgebraError) {
  switch info {
  case 0: return
  case clapacke_int(LAPACK_WORK_MEMORY_ERROR), clapacke_int(LAPACK_TRANSPOSE_MEMORY_ERROR):
    throw .outOfMemory(routine: routine)
  case ..<0: throw .rejectedArgument(routine: routine, position: -Int(info))
  default: throw .noConvergence(routine: routine, unconvergedCount: Int(info))
  }
}

/// A size as LAPACK takes it.
///
/// - Throws: ``LinearAlgebraError/tooLarge(size:)`` beyond 2^31 - 1.
func lapackSize(_ size: Int) throws(LinearAlgebraError) -> clapacke_int {
  guard let narrowed = clapacke_int(exactly: size) else { throw .tooLarge(size: size) }
  return narrowed
}

/// A letter that chooses a LAPACK routine's job, range or triangle.
func lapackLetter(_ letter: Unicode.Scalar) -> CChar { CChar(UInt8(ascii: letter)) }
