import Captures
import Checkpoints
import Findings
import LinearAlgebra
import Tensors
import Workers

/// The units that are made of matrices: the weights of a projection, or their gradients.
extension UnitWork {
  func tables(
    of unit: AnalysisPlan.Unit, projection: Projection, isOfGradients: Bool
  ) async throws -> [Table] {
    let needsAll =
      isOfGradients || unit.analyses.contains { $0 == .bands || $0 == .activationRatio }
    let request = SubspaceRequest(
      projection: projection, fraction: options.fraction, routedLeading: plan.leadingCount,
      routedRank: unit.space.rank,
      depth: needsAll ? .all : options.fullSpectrum ? .leadingAndValues : .leading,
      tellsAllValues: options.fullSpectrum)
    let bases = needsAll ? try makeBasisStore(rank: unit.space.rank) : nil
    let (experts, failures) = try await subspaces(of: unit, request: request, bases: bases)
    var leftOut = failures
    let measured = MeasuredUnit(
      layer: unit.layer.index, projection: projection, isOfGradients: isOfGradients,
      request: request, space: unit.space, experts: experts)

    var tables: [Table] = []
    if measured.routedExperts.isEmpty {
      // Only gradients get here: a layer without any measurable weight is thrown before.
    } else if isOfGradients {
      tables = try await gradientTables(of: measured, unit: unit, bases: bases)
    } else {
      for analysis in unit.analyses {
        do {
          tables += try await self.tables(of: analysis, measured, unit: unit, bases: bases)
        } catch {
          guard analysis == .router, keepsGoing, isMatterOfOneWeight(error) else { throw error }
          leftOut.append(LeftOut(name: "router", error: error, in: plan.inputs))
        }
      }
    }
    tables += try usedFloors(of: unit)
    return tables + leftOutTables(leftOut, of: measured)
  }

  private func tables(
    of analysis: Analysis, _ measured: MeasuredUnit, unit: AnalysisPlan.Unit, bases: BasisStore?
  ) async throws -> [Table] {
    switch analysis {
    case .energy: return [energyTable(of: measured)]
    case .spectrum: return [spectrumTable(of: measured)]
    case .similarity:
      return try await similarityTables(
        of: measured, floors: floors, groupExcess: options.groupExcess, width: width)
    case .router:
      return routerTables(of: measured, router: try RouterRows(of: try unit.layer.router.get()))
    case .bands:
      guard let bases else { return [] }
      return try await bandTables(of: measured, bases: bases, floors: floors, width: width)
    case .activationRatio:
      guard let bases, let layer = captured(unit) else { return [] }
      let rule = options.routedOnly ? try routingRule(of: unit) : nil
      return try await SpectralAnalysis.activationTables(
        of: measured, bases: bases, layer: layer, rule: rule, options: options, width: width)
    case .shuffle:
      guard let layer = captured(unit), let shuffled = layer.shuffledInput else { return [] }
      return [
        try await shuffleTable(of: measured, input: layer.input, shuffled: shuffled, width: width)
      ]
    case .routerData, .dataAlignment, .routing, .gradients: return []
    }
  }

  /// Analysis 10: analyses 1 to 3 of gradients.
  private func gradientTables(
    of measured: MeasuredUnit, unit: AnalysisPlan.Unit, bases: BasisStore?
  ) async throws -> [Table] {
    var tables = [
      energyTable(of: measured, tokens: try await tokensByExpert(of: unit)),
      spectrumTable(of: measured),
    ]
    tables += try await similarityTables(
      of: measured, floors: floors, groupExcess: options.groupExcess, width: width)
    if let bases {
      tables += try await bandTables(of: measured, bases: bases, floors: floors, width: width)
    }
    return tables
  }

  /// How many captured tokens each expert saw, by its name in tables; empty where it is not known.
  private func tokensByExpert(of unit: AnalysisPlan.Unit) async throws -> [String: Int] {
    guard let logits = captured(unit)?.routerLogits, let rule = try? routingRule(of: unit) else {
      return [:]
    }
    let counts = try await RoutingCounts(of: logits, rule: rule, width: width)
    var tokens = ["shared": counts.tokenCount]
    for (expert, count) in counts.tokens.enumerated() { tokens[String(expert)] = count }
    return tokens
  }

  /// How the router of a unit's layer chooses.
  func routingRule(of unit: AnalysisPlan.Unit) throws -> RoutingRule {
    try plan.inputs.checkpoint.routingRule(ofLayer: unit.layer.index)
  }

  /// Decomposes the matrices of a unit side by side.
  private func subspaces(
    of unit: AnalysisPlan.Unit, request: SubspaceRequest, bases: BasisStore?
  ) async throws -> (experts: [ExpertSubspace], leftOut: [LeftOut]) {
    let members = unit.members
    let results = try await workSideBySide(
      count: members.count, width: width, makeState: { WeightBuffer() }
    ) { buffer, place -> Result<ExpertSubspace, LeftOut> in
      let member = members[place]
      defer {
        counter.update {
          $0.finishedMatrices += 1
          $0.finishedBytes += member.byteCount
        }
      }
      do {
        let found = try request.subspace(
          of: try member.weight.get(), name: member.name, isShared: member.isShared,
          buffer: &buffer)
        if let bases, let directions = found.directions, !member.isShared {
          try bases.keep(directions, ofExpert: place)
        }
        return .success(found.subspace)
      } catch {
        guard mayLeaveOut(error, in: unit) else { throw error }
        var failure = LeftOut(name: member.name, error: error, in: plan.inputs)
        failure.isLackOfGradient = isLack(error, of: unit)
        return .failure(failure)
      }
    }
    return (
      results.compactMap { try? $0.get() },
      results.compactMap { if case .failure(let failure) = $0 { failure } else { nil } }
    )
  }

  /// Whether an expert is left out for this error: one that saw no token, or too few, has no
  /// gradient to speak of.
  private func mayLeaveOut(_ error: any Error, in unit: AnalysisPlan.Unit) -> Bool {
    isLack(error, of: unit) || keepsGoing && isMatterOfOneWeight(error)
  }

  private func isLack(_ error: any Error, of unit: AnalysisPlan.Unit) -> Bool {
    guard case .gradients = unit.subject else { return false }
    return isLackOfGradient(error)
  }

  /// Room for all directions of the routed experts of a unit.
  private func makeBasisStore(rank: Int) throws -> BasisStore {
    let sizes = plan.sizes
    return try BasisStore(
      expertCount: sizes.expertCount, rank: rank, dimension: sizes.hiddenSize,
      budget: plan.basisBudget(effort), folder: folder)
  }

  /// The floors of the similarities that the analyses of a unit tell.
  private func usedFloors(of unit: AnalysisPlan.Unit) throws -> [Table] {
    let space = unit.space
    let k = plan.leadingCount
    var shapes: [(dimension: Int, rank: Int)] = []
    if unit.analyses.contains(where: { $0 == .similarity || $0 == .gradients }) {
      shapes += [(space.hidden, k), (space.neuron, k)]
      // A shared expert is whole.
      if unit.members.contains(where: \.isShared) { shapes.append((plan.sizes.hiddenSize, k)) }
    }
    if unit.analyses.contains(where: { $0 == .bands || $0 == .gradients }) {
      shapes += bandRanges(rank: space.rank, k: k).map { (space.hidden, $0.count) }
    }
    var seen: Set<[Int]> = []
    shapes = shapes.filter { seen.insert([$0.dimension, $0.rank]).inserted }
    return shapes.isEmpty ? [] : [try floorsTable(shapes, from: floors)]
  }
}
