import Captures
import Experts
import Findings
import Workers

extension Analysis {
  /// Analyses 1 to 3 of gradients (analysis 10).
  public static let gradients = Analysis(GradientAnalysis())
}

/// Analysis 10: energy, spectrum, similarity and bands of gradients.
struct GradientAnalysis: MatrixAnalysis {
  let name = "gradients"
  let input = Analysis.Input.gradients
  let tables = [
    TableDefinition.energy, .spectrum, .similarity, .summary, .bands, .bandSummary,
    .tailSimilarity,
  ].map(\.ofGradients)
  let subject = UnitKey.Subject.gradients
  let needsAllDirections = true

  func isUsual(with inputs: AnalysisInputs) -> Bool { inputs.gradients != nil }

  func captured(of layer: CapturedLayer, options: AnalysisOptions) -> [ActivationRows] {
    // They tell how many tokens each expert saw.
    [layer.routerLogits].compactMap(\.self)
  }

  func floors(of unit: PlannedUnit, leading k: Int) -> [FloorShape] {
    similarityFloors(of: unit, leading: k) + bandFloors(of: unit, leading: k)
  }

  func tables(of unit: MeasuredUnit, in work: UnitWork) async throws -> [Table] {
    // An expert that saw no token has no gradient.
    guard !unit.routedExperts.isEmpty else { return [] }
    return [
      energyTable(of: unit, tokens: try await tokensByExpert(in: work)), spectrumTable(of: unit),
    ]
      + (try await similarityTables(of: unit, in: work).tables)
      + (try await bandTables(of: unit, in: work))
  }

  /// How many captured tokens each expert saw, by its name; empty where it is not known.
  private func tokensByExpert(in work: UnitWork) async throws -> [ExpertName: Int] {
    guard let logits = work.captured?.routerLogits, let rule = try? work.routingRule() else {
      return [:]
    }
    let counts = try await RoutingCounts(
      of: logits, rule: rule, workers: work.pool, order: work.order)
    var tokens = [ExpertName.shared: counts.tokenCount]
    for (expert, count) in counts.tokens.enumerated() { tokens[ExpertName(routed: expert)] = count }
    return tokens
  }
}
