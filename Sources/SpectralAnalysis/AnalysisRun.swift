import Checkpoints
public import Findings
import LinearAlgebra
import Synchronization
import Tensors

/// How far an analysis is.
public struct AnalysisProgress: Sendable, Equatable {
  /// The units whose results are in the folder.
  public var finishedUnits: Int
  /// All units of the run.
  public let unitCount: Int
  /// The matrices measured by this process.
  public var measuredMatrices: Int
  /// The matrices that this process has to measure; those of units finished before do not count.
  public let matrixCount: Int
  /// The bytes of the matrices measured by this process.
  public var measuredBytes: Int
}

/// Carries a plan out: measures unit after unit, and keeps the results of each in a run folder.
///
/// Units whose results are already there are not measured again, so the same call resumes after an
/// interruption. The same input and options give the same bytes, whatever the width.
///
/// - Parameters:
///   - plan: What to do.
///   - path: The run folder; new, empty, or holding the same run.
///   - width: How many matrices to work on at once; at least one.
///   - keepsGoing: Whether experts that cannot be measured are left out and listed, instead of
///     thrown.
///   - onProgress: Called after every matrix and unit, from any thread.
/// - Returns: The folder, with all its tables.
/// - Throws: The first error of a unit; the results of the units before it are kept.
/// - Complexity: For each matrix as ``LinearAlgebra/LeadingTriplets``; O(N^2 d k^2) for N experts
///   in a unit. Memory as ``AnalysisPlan/predictedMemory(width:)``.
public func carryOut(
  _ plan: AnalysisPlan, in path: String, width: Int, keepsGoing: Bool = false,
  onProgress: @escaping @Sendable (AnalysisProgress) -> Void = { _ in }
) async throws -> RunFolder {
  LinearAlgebraLibrary.useOneThread()
  var folder = try RunFolder(path: path, for: plan.manifest)
  let open = plan.units.filter { !folder.isFinished($0.record) }
  let counter = ProgressCounter(
    AnalysisProgress(
      finishedUnits: plan.units.count - open.count, unitCount: plan.units.count,
      measuredMatrices: 0, matrixCount: open.reduce(0) { $0 + $1.members.count }, measuredBytes: 0),
    report: onProgress)
  counter.update { _ in }
  let floors = FloorCache()
  for unit in open {
    let tables = try await measure(
      unit, of: plan, width: width, keepsGoing: keepsGoing, floors: floors, counter: counter)
    try folder.write(tables, of: unit.record)
    counter.update { $0.finishedUnits += 1 }
  }
  try folder.gatherTables(plan.tables)
  try folder.updateManifest()
  return folder
}

/// Measures one unit and makes its tables.
private func measure(
  _ unit: AnalysisPlan.Unit, of plan: AnalysisPlan, width: Int, keepsGoing: Bool,
  floors: FloorCache, counter: ProgressCounter
) async throws -> [Table] {
  let request = SubspaceRequest(
    projection: unit.projection, fraction: plan.options.fraction, routedLeading: plan.leadingCount)
  let members = unit.members
  let results = try await workSideBySide(
    count: members.count, width: width, makeState: { WeightBuffer() }
  ) { buffer, place -> Result<ExpertSubspace, LeftOut> in
    let member = members[place]
    defer {
      counter.update {
        $0.measuredMatrices += 1
        $0.measuredBytes += (try? member.weight.get())?.tensor.byteCount ?? 0
      }
    }
    do {
      return .success(
        try request.subspace(
          of: try member.weight.get(), name: member.name, isShared: member.isShared,
          buffer: &buffer))
    } catch {
      guard keepsGoing, isMatterOfOneWeight(error) else { throw error }
      return .failure(LeftOut(name: member.name, error: error, in: plan.path))
    }
  }
  var leftOut: [LeftOut] = []
  var experts: [ExpertSubspace] = []
  for result in results {
    switch result {
    case .success(let expert): experts.append(expert)
    case .failure(let failure): leftOut.append(failure)
    }
  }
  let measured = MeasuredUnit(
    layer: unit.layer.index, projection: unit.projection, request: request, experts: experts)
  var tables: [Table] = []
  for analysis in plan.options.analyses {
    switch analysis {
    case .energy: tables.append(energyTable(of: measured))
    case .spectrum: tables.append(spectrumTable(of: measured))
    case .similarity:
      tables += try await similarityTables(of: measured, floors: floors, width: width)
    case .router where unit.projection.hiddenSideIsRight:
      do {
        let router = try RouterRows(of: try unit.layer.router.get())
        tables += routerTables(of: measured, router: router)
      } catch {
        guard keepsGoing, isMatterOfOneWeight(error) else { throw error }
        leftOut.append(LeftOut(name: "router", error: error, in: plan.path))
      }
    case .router: break
    }
  }
  if plan.options.analyses.contains(.similarity) {
    let dimensions = [plan.sizes.hiddenSize, plan.sizes.expertWidth]
    tables.append(
      try floorsTable(dimensions.map { (dimension: $0, rank: plan.leadingCount) }, from: floors))
  }
  if !leftOut.isEmpty { tables.append(leftOutTable(leftOut, of: measured)) }
  return tables
}

/// An expert that could not be measured.
private struct LeftOut: Error {
  let name: String
  let reason: String

  /// Says what was wrong, with files named from the checkpoint's folder: tables hold no paths.
  init(name: String, error: any Error, in folder: String) {
    self.name = name
    reason = "\(error)".replacing("\(folder)/", with: "").replacing("\(folder): ", with: "")
  }
}

/// Whether an error says that one weight is unfit, and not that the machine or a file failed.
private func isMatterOfOneWeight(_ error: any Error) -> Bool {
  switch error {
  case is CheckpointError: true
  case AnalysisError.zeroRouterRow: true
  case AnalysisError.unusableWeight(_, let reason):
    switch reason {
    case .notFinite, .zeroMatrix, .rankTooLow, .emptyMatrix: true
    default: false
    }
  default: false
  }
}

private func leftOutTable(_ leftOut: [LeftOut], of unit: MeasuredUnit) -> Table {
  var table = Table(.leftOut)
  for expert in leftOut {
    table.append(
      .integer(unit.layer), .text(unit.projection.rawValue), .text(expert.name),
      .text(expert.reason))
  }
  return table
}

/// Counts what the workers have done.
private final class ProgressCounter: Sendable {
  private let state: Mutex<AnalysisProgress>
  private let report: @Sendable (AnalysisProgress) -> Void

  init(_ start: AnalysisProgress, report: @escaping @Sendable (AnalysisProgress) -> Void) {
    state = Mutex(start)
    self.report = report
  }

  func update(_ change: @Sendable (inout AnalysisProgress) -> Void) {
    let now = state.withLock { progress in
      change(&progress)
      return progress
    }
    report(now)
  }
}
