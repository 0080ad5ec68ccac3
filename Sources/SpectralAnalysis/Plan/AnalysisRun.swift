import Checkpoints
import Experts
import Files
public import Findings
import LinearAlgebra
import Synchronization
public import Workers

/// How an analysis is carried out; none of it changes a result.
public struct AnalysisEffort: Sendable {
  /// How many matrices to work on at once; at least one.
  public var workers: Int
  /// How much memory to use, in bytes; what does not fit goes to a scratch file in the run folder.
  public var memory: Int
  /// Whether results that are there are compared with their input even where no file of it looks
  /// changed.
  public var rechecks: Bool

  /// Chooses the effort.
  public init(workers: Int, memory: Int = 4_000_000_000, rechecks: Bool = false) {
    self.workers = workers
    self.memory = memory
    self.rechecks = rechecks
  }
}

/// Carries a plan out: measures unit after unit, and keeps the results of each in a run folder.
///
/// Units whose results are already there, and were made from what the input holds now, are not
/// measured again, so the same call resumes after an interruption. Several processes may carry the
/// same plan out in one folder: a unit that another measures is left to it. The same input and
/// options give the same bytes, whatever the effort.
///
/// - Parameters:
///   - plan: What to do.
///   - path: The run folder; new, empty, or holding the same run.
///   - effort: How many matrices to work on at once, and with how much memory.
///   - keepsGoing: Whether experts and sequences that cannot be measured are left out and listed,
///     instead of thrown.
///   - onChanged: Called with the units that were measured before, but from another input.
///   - onProgress: Called after every matrix and unit, from any thread.
/// - Returns: The folder, with all its tables.
/// - Throws: The first error of a unit; the results of the units before it are kept. What
///   ``AnalysisPlan/check(output:)`` throws.
///   `FindingsError.anotherRun(path:difference:)` where nothing of the input is as it was.
/// - Complexity: For each matrix as `LeadingTriplets`, or a full decomposition where
///   all directions are needed; O(N^2 d k^2) for N experts in a unit. Memory as
///   ``AnalysisPlan/predictedMemory(_:)``.
public func carryOut(
  _ plan: AnalysisPlan, in path: String, effort: AnalysisEffort, keepsGoing: Bool = false,
  onChanged: @escaping @Sendable ([String]) -> Void = { _ in },
  onProgress: @escaping @Sendable (WorkProgress) -> Void = { _ in }
) async throws -> RunFolder {
  var folder = try await measureUnits(
    of: plan, in: path, effort: effort, keepsGoing: keepsGoing, onChanged: onChanged,
    onProgress: onProgress)
  try folder.requireResults()
  try gatherResults(in: &folder)
  return folder
}

/// Measures the units of a plan as ``carryOut(_:in:effort:keepsGoing:onChanged:onProgress:)`` does,
/// and makes nothing of them: for a shard, whose units are not all of the run.
///
/// - Parameters:
///   - plan: What to do: a whole plan or a part of one.
///   - path: The run folder; new, empty, or holding the same run.
///   - effort: How many matrices to work on at once, and with how much memory.
///   - keepsGoing: Whether what cannot be measured is left out and listed, instead of thrown.
///   - isOfShard: Whether processes on other machines may work in the folder, whose locks this one
///     may not see: then nothing of theirs is cleared away.
///   - onChanged: Called with the units that were measured before, but from another input.
///   - onProgress: Called after every matrix and unit, from any thread.
/// - Returns: The folder, with results of all units of the plan.
/// - Throws: As there.
public func measureUnits(
  of plan: AnalysisPlan, in path: String, effort: AnalysisEffort, keepsGoing: Bool = false,
  isOfShard: Bool = false, onChanged: @escaping @Sendable ([String]) -> Void = { _ in },
  onProgress: @escaping @Sendable (WorkProgress) -> Void = { _ in }
) async throws -> RunFolder {
  try plan.check(output: path)
  var effort = effort
  effort.workers = try LinearAlgebraLibrary.start(threads: effort.workers)
  let folder = try RunFolder(path: path, for: plan.manifest, removesLeftovers: !isOfShard)
  let run = AnalysisRun(plan: plan, effort: effort, keepsGoing: keepsGoing, folder: folder)
  let changed = try await run.dropStaleUnits()
  if !changed.isEmpty { onChanged(changed.map(\.key.text)) }
  try await run.measureUnits(onProgress: onProgress)
  try await run.requireThisInput()
  return folder
}

extension AnalysisPlan {
  /// Checks that a folder can take the run, without changing anything.
  ///
  /// - Parameter path: The run folder: new, empty, or holding the same run.
  /// - Throws: ``AnalysisError/outputInsideInput(output:input:)``, and `FindingsError` where something
  ///   else lies there.
  public func check(output path: String) throws {
    guard !lies(path, in: inputs.checkpoint.path) else {
      throw AnalysisError.outputInsideInput(output: path, input: inputs.checkpoint.path)
    }
    try RunFolder.check(path: path, for: manifest)
  }
}

/// The work on all units of a plan.
private struct AnalysisRun: Sendable {
  let plan: AnalysisPlan
  let effort: AnalysisEffort
  let keepsGoing: Bool
  let folder: RunFolder
  let pool: WorkerPool
  let floors = FloorCache()
  let captures = CaptureDigests()

  init(plan: AnalysisPlan, effort: AnalysisEffort, keepsGoing: Bool, folder: RunFolder) {
    self.plan = plan
    self.effort = effort
    self.keepsGoing = keepsGoing
    self.folder = folder
    pool = WorkerPool(count: effort.workers)
  }

  private func sources(of unit: PlannedUnit) -> [InputPiece] {
    unit.sources(in: plan, captures: captures)
  }

  // MARK: Kept results

  /// Removes the results that were edited or damaged, and those that were made from another input.
  ///
  /// - Returns: The units whose results were made from another input.
  func dropStaleUnits() async throws -> [PlannedUnit] {
    let there = plan.units.filter { folder.isFinished($0.record) }
    let isWhole = try await pool.map(count: there.count) { folder.holdsWhole(there[$0].record) }
    for (unit, isWhole) in zip(there, isWhole) where !isWhole {
      try folder.remove(unit.record) { folder.holdsWhole(unit.record) }
    }
    let kept = zip(there, isWhole).filter(\.1).map(\.0)
    let found = try await pool.map(count: kept.count) { place in
      let unit = kept[place]
      return try folder.compare(
        unit.record, with: sources(of: unit), rechecks: effort.rechecks)
    }
    let stale = zip(kept, found).filter { $1.otherCount > 0 }.map(\.0)
    if !stale.isEmpty, found.allSatisfy({ !$0.isTrusted && $0.sameCount == 0 }) {
      throw FindingsError.anotherRun(
        path: folder.path,
        difference: "of another checkpoint: nothing that it was made from is as it was")
    }
    try remove(stale)
    // What was made of them must not stand where this run ends early.
    if !stale.isEmpty || isWhole.contains(false) { folder.removeWhatIsMadeOfUnits() }
    return stale
  }

  private func remove(_ stale: [PlannedUnit]) throws {
    // Another process may have measured them anew meanwhile.
    for unit in stale {
      try folder.remove(unit.record) {
        try folder.compare(unit.record, with: sources(of: unit), rechecks: true).otherCount == 0
      }
    }
  }

  /// Makes sure that units which other processes measured are of the same input.
  ///
  /// - Throws: `FindingsError.anotherRun(path:difference:)`; the others' units are removed.
  func requireThisInput() async throws {
    let found = try await pool.map(count: plan.units.count) { place in
      let unit = plan.units[place]
      return try folder.compare(unit.record, with: sources(of: unit), rechecks: false)
    }
    let others = zip(plan.units, found).filter { $1.otherCount > 0 }.map(\.0)
    guard let first = others.first else { return }
    try remove(others)
    throw FindingsError.anotherRun(
      path: folder.path,
      difference: "in which another process measured \(first.key.text) from another input")
  }

  // MARK: Measuring

  /// What became of a unit.
  private enum Outcome: Sendable {
    case measured([Table], UnitDraft, UnitSources, stamps: Set<String>)
    case thereAlready
    case othersMeasureIt
  }

  func measureUnits(onProgress: @escaping @Sendable (WorkProgress) -> Void) async throws {
    let open = plan.units.indices.filter { !folder.isFinished(plan.units[$0].record) }
    let matrixCount = open.reduce(0) { $0 + plan.units[$1].members.count }
    let counter = ProgressCounter(
      WorkProgress(
        finishedUnits: plan.units.count - open.count, unitCount: plan.units.count,
        matrixCount: matrixCount, keptMatrices: plan.matrixCount - matrixCount),
      report: onProgress)
    counter.update { _ in }
    let others = try await measure(open, counter: counter)
    // Whoever measures them may end without having done so.
    var waiting = others
    while !waiting.isEmpty {
      try await Task.sleep(for: .milliseconds(50))
      let free = waiting.filter { !folder.isBeingMeasured(plan.units[$0].record) }
      let taken = try await measure(free, counter: counter)
      waiting.removeAll {
        folder.isFinished(plan.units[$0].record) || (free.contains($0) && !taken.contains($0))
      }
    }
  }

  /// Measures units that nobody else measures.
  ///
  /// - Returns: Those that others do.
  private func measure(_ places: [Int], counter: ProgressCounter) async throws -> [Int] {
    var others: [Int] = []
    let drafts = OpenDrafts()
    do {
      try await workInOrder(count: places.count, atOnce: plan.unitsAtOnce(effort)) { item in
        try await outcome(of: places[item], drafts: drafts, counter: counter)
      } handOver: { item, outcome in
        switch outcome {
        case .measured(let tables, let draft, let sources, let stamps):
          try folder.keep(tables, of: draft, madeFrom: sources, stamps: stamps)
          drafts.forget(draft)
          counter.update { $0.finishedUnits += 1 }
        case .thereAlready:
          counter.update {
            $0.finishedUnits += 1
            $0.finishedMatrices += plan.units[places[item]].members.count
          }
        case .othersMeasureIt: others.append(places[item])
        }
      }
    } catch {
      // The process may end before the last of them is released.
      drafts.discard()
      throw error
    }
    return others
  }

  private func outcome(
    of place: Int, drafts: OpenDrafts, counter: ProgressCounter
  ) async throws -> Outcome {
    let unit = plan.units[place]
    switch try folder.begin(unit.record) {
    case .finished: return .thereAlready
    case .others: return .othersMeasureIt
    case .mine(let draft):
      drafts.note(draft)
      let ledger = SourceLedger()
      let pieces = sources(of: unit)
      // Before anything is read: what changes meanwhile is noticed the next time.
      let stamps = pieces.stamps
      let work = UnitWork(
        plan: plan, unit: unit, pool: pool, order: place, floors: floors, keepsGoing: keepsGoing,
        basisBudget: plan.basisBudget(effort), scratchFolder: folder.path, ledger: ledger,
        onMatrix: { byteCount in
          counter.update {
            $0.finishedMatrices += 1
            $0.finishedBytes += byteCount
          }
        })
      let tables = try await work.tables()
      let sources = UnitSources(try ledger.pieces(of: pieces))
      try pieces.requireUntouched(since: stamps)
      return .measured(tables, draft, sources, stamps: stamps)
    }
  }
}

/// The units that a run has begun.
private final class OpenDrafts: Sendable {
  private let drafts = Mutex<[UnitDraft]>([])

  func note(_ draft: UnitDraft) { drafts.withLock { $0.append(draft) } }

  func forget(_ draft: UnitDraft) {
    drafts.withLock { $0.removeAll { $0 === draft } }
  }

  func discard() { drafts.withLock { $0 }.forEach { $0.discard() } }
}
