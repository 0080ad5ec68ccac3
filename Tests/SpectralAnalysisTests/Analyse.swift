import Checkpoints
import Findings
import SpectralAnalysis
import TestSupport

/// Plans and carries out an analysis, as the command does.
@discardableResult
func analyse(
  _ checkpoint: String, in folder: String, options: AnalysisOptions = AnalysisOptions(),
  width: Int = 2, keepsGoing: Bool = false,
  onProgress: @escaping @Sendable (AnalysisProgress) -> Void = { _ in }
) async throws -> RunFolder {
  let plan = try AnalysisPlan(
    for: Checkpoint(path: checkpoint), options: options, version: "test", keepsGoing: keepsGoing)
  return try await carryOut(
    plan, in: folder, width: width, keepsGoing: keepsGoing, onProgress: onProgress)
}

/// A finished run of a toy checkpoint, with the folders that it needs.
struct ToyRun {
  let checkpoint: TemporaryFolder
  let out: TemporaryFolder
  let folder: RunFolder

  /// Writes a toy checkpoint and analyses it.
  init(
    of toy: ToyCheckpoint, options: AnalysisOptions = AnalysisOptions(), width: Int = 2,
    keepsGoing: Bool = false
  ) async throws {
    checkpoint = try toy.written()
    out = try TemporaryFolder()
    folder = try await analyse(
      checkpoint.path, in: out.path, options: options, width: width, keepsGoing: keepsGoing)
  }

  /// A table of the run; empty where it has none of that kind.
  func table(_ definition: TableDefinition) throws -> Table {
    try folder.table(definition) ?? Table(definition)
  }
}
