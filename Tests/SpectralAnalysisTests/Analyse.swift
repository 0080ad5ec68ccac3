import Captures
import Checkpoints
import Findings
import SpectralAnalysis
import TestSupport
import Workers

/// Plans and carries out an analysis, as the command does.
@discardableResult
func analyse(
  _ checkpoint: String, in folder: String, options: AnalysisOptions = AnalysisOptions(),
  captures: String? = nil, gradients: String? = nil, width: Int = 2, memory: Int = 4_000_000_000,
  keepsGoing: Bool = false, expertWidth: Int? = nil,
  onProgress: @escaping @Sendable (WorkProgress) -> Void = { _ in }
) async throws -> RunFolder {
  let inputs = AnalysisInputs(
    checkpoint: try Checkpoint(path: checkpoint, expertWidth: expertWidth),
    capture: try captures.map { try Capture(path: $0) },
    gradients: try gradients.map { try GradientFile(path: $0) })
  let plan = try AnalysisPlan(
    for: inputs, options: options, version: "test", keepsGoing: keepsGoing)
  return try await carryOut(
    plan, in: folder, effort: AnalysisEffort(workers: width, memory: memory),
    keepsGoing: keepsGoing,
    onProgress: onProgress)
}

/// A finished run of a toy checkpoint, with the folders that it needs.
struct ToyRun {
  let checkpoint: TemporaryFolder
  let out: TemporaryFolder
  let folder: RunFolder

  /// Writes a toy checkpoint, and what was captured from it, and analyses it.
  init(
    of toy: ToyCheckpoint, options: AnalysisOptions = AnalysisOptions(),
    capture: ToyCapture? = nil, gradients: [ToyTensor]? = nil, width: Int = 2,
    memory: Int = 4_000_000_000, keepsGoing: Bool = false, expertWidth: Int? = nil
  ) async throws {
    checkpoint = try toy.written()
    out = try TemporaryFolder()
    // Apart from the checkpoint's folder, where every .safetensors file is a shard.
    let captured = try TemporaryFolder()
    var gradientPath: String?
    if let gradients {
      let path = captured.path("gradients.safetensors")
      try writeSafetensors(gradients, to: path)
      gradientPath = path
    }
    folder = try await analyse(
      checkpoint.path, in: out.path, options: options,
      captures: try capture?.written(in: captured), gradients: gradientPath, width: width,
      memory: memory, keepsGoing: keepsGoing, expertWidth: expertWidth)
  }

  /// A table of the run; empty where it has none of that kind.
  func table(_ definition: TableDefinition) throws -> Table {
    try folder.table(definition) ?? Table(definition)
  }
}
