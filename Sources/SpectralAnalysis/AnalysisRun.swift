import Captures
import Checkpoints
public import Findings
import LinearAlgebra
import Tensors
public import Workers

/// How an analysis is carried out; none of it changes a result.
public struct AnalysisEffort: Sendable {
  /// How many matrices to work on at once; at least one.
  public var width: Int
  /// How much memory to use, in bytes; what does not fit goes to a scratch file in the run folder.
  public var memory: Int

  /// Chooses the effort.
  public init(width: Int, memory: Int = 4_000_000_000) {
    self.width = width
    self.memory = memory
  }
}

/// Carries a plan out: measures unit after unit, and keeps the results of each in a run folder.
///
/// Units whose results are already there are not measured again, so the same call resumes after an
/// interruption. The same input and options give the same bytes, whatever the effort.
///
/// - Parameters:
///   - plan: What to do.
///   - path: The run folder; new, empty, or holding the same run.
///   - effort: How many matrices to work on at once, and with how much memory.
///   - keepsGoing: Whether experts and sequences that cannot be measured are left out and listed,
///     instead of thrown.
///   - onProgress: Called after every matrix and unit, from any thread.
/// - Returns: The folder, with all its tables.
/// - Throws: The first error of a unit; the results of the units before it are kept.
/// - Complexity: For each matrix as ``LinearAlgebra/LeadingTriplets``, or a full decomposition where
///   all directions are needed; O(N^2 d k^2) for N experts in a unit. Memory as
///   ``AnalysisPlan/predictedMemory(_:)``.
public func carryOut(
  _ plan: AnalysisPlan, in path: String, effort: AnalysisEffort, keepsGoing: Bool = false,
  onProgress: @escaping @Sendable (WorkProgress) -> Void = { _ in }
) async throws -> RunFolder {
  LinearAlgebraLibrary.useOneThread()
  var folder = try RunFolder(path: path, for: plan.manifest)
  let open = plan.units.filter { !folder.isFinished($0.record) }
  let counter = ProgressCounter(
    WorkProgress(
      finishedUnits: plan.units.count - open.count, unitCount: plan.units.count,
      finishedMatrices: 0, matrixCount: open.reduce(0) { $0 + $1.members.count }, finishedBytes: 0),
    report: onProgress)
  counter.update { _ in }
  let work = UnitWork(
    plan: plan, effort: effort, keepsGoing: keepsGoing, folder: folder.path, counter: counter)
  for unit in open {
    try folder.write(try await work.tables(of: unit), of: unit.record)
    counter.update { $0.finishedUnits += 1 }
  }
  try folder.gatherTables(plan.tables)
  try writeSpectra(of: plan, in: folder)
  try folder.updateManifest()
  return folder
}

/// The work on units: what they all share.
struct UnitWork: Sendable {
  let plan: AnalysisPlan
  let effort: AnalysisEffort
  let keepsGoing: Bool
  /// The run folder.
  let folder: String
  let counter: ProgressCounter
  let floors = FloorCache()

  var options: AnalysisOptions { plan.options }
  var width: Int { effort.width }

  /// Measures one unit and makes its tables.
  func tables(of unit: AnalysisPlan.Unit) async throws -> [Table] {
    switch unit.subject {
    case .weights(let projection):
      try await tables(of: unit, projection: projection, isOfGradients: false)
    case .gradients(let projection):
      try await tables(of: unit, projection: projection, isOfGradients: true)
    case .activations: try await activationTables(of: unit)
    }
  }

  /// The captured activations of a unit's layer; there where an analysis needs them.
  func captured(_ unit: AnalysisPlan.Unit) -> CapturedLayer? {
    plan.inputs.capture?.layer(unit.layer.index)
  }
}
