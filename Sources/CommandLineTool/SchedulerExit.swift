import ArgumentParser
import Files
import Findings
import LinearAlgebra
import SpectralAnalysis

/// Does a piece of work, and ends the program with 75 for what may be gone on another try, by which
/// schedulers know a task that is worth one; what will not be gone ends with 1, as ever.
///
/// - Throws: What `work` throws.
func endingForSchedulers(_ work: () async throws -> Void) async throws {
  do {
    try await work()
  } catch  where mayPass(error) {
    StandardError.write("Error: \(error)\n")
    // In sysexits.h EX_TEMPFAIL.
    throw ExitCode(75)
  }
}

private func mayPass(_ error: any Error) -> Bool {
  switch error {
  case is ExitCode, is ValidationError: false
  case is ChangedInputError, FindingsError.inUse, LinearAlgebraError.outOfMemory,
    AnalysisError.unusableWeight(_, .outOfMemory):
    true
  default: tellsOfPassingFailure("\(error)")
  }
}
