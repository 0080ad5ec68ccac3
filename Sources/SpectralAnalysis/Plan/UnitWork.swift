import Captures
import Checkpoints
import Experts
import Findings
import LinearAlgebra
import Tensors
import Workers

/// The work on one unit: what its analyses may ask for, and what they share.
struct UnitWork: Sendable {
  let plan: AnalysisPlan
  let unit: PlannedUnit
  /// The workers of the whole analysis.
  let pool: WorkerPool
  /// The place of the unit in the plan: workers turn to earlier units first.
  let order: Int
  let floors: FloorCache
  /// Whether what cannot be measured is left out.
  let keepsGoing: Bool
  /// How much memory the unit's bases may take, and where they go beyond that.
  let basisBudget: Int
  let scratchFolder: String
  /// What the unit's results were made from.
  let ledger: SourceLedger
  /// Called for every matrix that is done, with its size in bytes.
  let onMatrix: @Sendable (Int) -> Void

  var options: AnalysisOptions { plan.options }
  var sizes: Checkpoint.Sizes { plan.sizes }
  var capture: Capture? { plan.inputs.capture }

  /// The captured activations of the unit's layer.
  var captured: CapturedLayer? { capture?.layer(unit.layer.index) }

  /// How the router of the unit's layer chooses.
  func routingRule() throws -> RoutingRule {
    try plan.inputs.checkpoint.routingRule(ofLayer: unit.layer.index)
  }

  /// The rows of the layer's router.
  func routerRows() throws -> RouterRows {
    let weight = try unit.layer.router.get()
    return try RouterRows(of: weight, firstExpert: unit.layer.firstRouterRow) {
      ledger.note($0, of: weight.name)
    }
  }

  /// Does the same work for many items side by side, with the workers of the whole analysis.
  func map<Memory, Result: Sendable>(
    count: Int, makeMemory: @Sendable @escaping () -> Memory,
    _ body: @Sendable @escaping (inout Memory, Int) throws -> Result
  ) async throws -> [Result] {
    try await pool.map(count: count, order: order, makeMemory: makeMemory, body)
  }

  /// Does the same work for many items that need no memory of a worker's own.
  func map<Result: Sendable>(
    count: Int, _ body: @Sendable @escaping (Int) throws -> Result
  ) async throws -> [Result] {
    try await pool.map(count: count, order: order, body)
  }

  /// Leaves something out that cannot be measured.
  ///
  /// - Throws: The error itself where the analysis does not go on without it.
  func leaveOut(_ name: String, for error: any Error) throws -> LeftOut {
    guard keepsGoing, isMatterOfOneWeight(error) else { throw error }
    return LeftOut(name: name, error: error, in: plan.inputs)
  }

  /// Measures the unit and makes its tables.
  func tables() async throws -> [Table] {
    guard let projection = unit.key.projection else { return try await layerTables() }
    return try await matrixTables(of: projection)
  }

  private func layerTables() async throws -> [Table] {
    guard let captured else { return [] }
    var found = LayerFindings()
    for case let analysis as any LayerAnalysis in unit.analyses.map(\.kind) {
      let findings = try await analysis.findings(of: captured, in: self)
      found.tables += findings.tables
      found.leftOut += findings.leftOut
    }
    return found.tables + leftOutTables(found.leftOut, of: unit.key)
  }

  private func matrixTables(of projection: Projection) async throws -> [Table] {
    let needsAll = unit.needsAllDirections
    let request = SubspaceRequest(
      projection: projection, fraction: options.fraction, routedLeading: plan.leadingCount,
      routedRank: unit.space.rank,
      depth: needsAll ? .all : options.fullSpectrum ? .leadingAndValues : .leading,
      tellsAllValues: options.fullSpectrum)
    let bases = needsAll ? try makeBasisStore() : nil
    var (experts, leftOut) = try await subspaces(request, bases: bases)
    let measured = MeasuredUnit(
      layer: unit.layer.index, projection: projection,
      isOfGradients: unit.key.subject == .gradients, request: request, space: unit.space,
      members: unit.members.map(\.name), experts: experts, bases: bases)
    experts = []
    var tables: [Table] = []
    // A layer without any measurable weight is thrown before; of gradients there may be none.
    for analysis in unit.matrixAnalyses where !measured.routedExperts.isEmpty {
      do {
        tables += try await analysis.tables(of: measured, in: self)
      } catch {
        guard analysis.needsRouter else { throw error }
        leftOut.append(try leaveOut("router", for: error))
      }
    }
    let floors = unit.matrixAnalyses.flatMap { $0.floors(of: unit, leading: plan.leadingCount) }
    if !floors.isEmpty { tables.append(try floorsTable(floors, from: self.floors)) }
    return tables + leftOutTables(leftOut, of: unit.key)
  }

  /// Decomposes the matrices of the unit side by side.
  private func subspaces(
    _ request: SubspaceRequest, bases: BasisStore?
  ) async throws -> (experts: [ExpertSubspace], leftOut: [LeftOut]) {
    let members = unit.members
    let results = try await map(
      count: members.count, makeMemory: { WeightReader() }
    ) { reader, place -> Result<ExpertSubspace, LeftOut> in
      let member = members[place]
      defer { onMatrix(member.byteCount) }
      do {
        let weight = try member.weight.get()
        let found = try request.subspace(of: weight, name: member.name, reader: &reader) {
          ledger.note($0, of: weight.name)
        }
        if let bases, let directions = found.directions, member.name.isRouted {
          try bases.keep(directions, ofExpert: place)
        }
        return .success(found.subspace)
      } catch {
        // An expert that saw no token, or too few, has no gradient to speak of.
        if unit.key.subject == .gradients, isLackOfGradient(error) {
          var lack = LeftOut(name: member.name.text, error: error, in: plan.inputs)
          lack.isLackOfGradient = true
          return .failure(lack)
        }
        return .failure(try leaveOut(member.name.text, for: error))
      }
    }
    return (
      results.compactMap { try? $0.get() },
      results.compactMap { if case .failure(let failure) = $0 { failure } else { nil } }
    )
  }

  /// Room for all directions of the routed experts of the unit.
  private func makeBasisStore() throws -> BasisStore {
    try BasisStore(
      expertCount: unit.members.count { $0.name.isRouted }, rank: unit.space.rank,
      dimension: sizes.hiddenSize, budget: basisBudget, folder: scratchFolder)
  }
}
