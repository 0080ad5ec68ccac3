import Captures
import Checkpoints
import Experts
import Findings
import LinearAlgebra
import Tensors

extension Analysis {
  /// How often each direction is active (analysis 6).
  public static let activationRatio = Analysis(ActivationRatioAnalysis())
}

/// Analysis 6: how often each direction of an expert is active in the input of its layer.
struct ActivationRatioAnalysis: MatrixAnalysis {
  let name = "activation-ratio"
  let input = Analysis.Input.captures
  let tables: [TableDefinition] = [.activationRatio, .activationSummary]
  let definitions = [
    "activation_ratio":
      "share of tokens with |<x, v>| > threshold * ||x|| / sqrt(hidden size) (sdmoe's threshold: the paper's is not known)"
  ]
  let needsInputSide = true
  let needsAllDirections = true

  func isUsual(with inputs: AnalysisInputs) -> Bool { inputs.capture != nil }

  func record(_ options: AnalysisOptions, in recorded: inout RunOptions) {
    recorded[RunOption<Double>("threshold")] = options.threshold
    recorded[RunOption<String>("tokens")] = options.tokens.description
    recorded[.routedOnly] = options.routedOnly
  }

  func check(
    _ capture: Capture, of checkpoint: Checkpoint, layers: [CapturedLayer],
    options: AnalysisOptions
  ) throws {
    // Where routing is asked for too, it says what lacks.
    guard options.routedOnly, !options.analyses.contains(.routing) else { return }
    try requireRouting(capture, of: checkpoint, layers: layers, for: "--routed-only")
  }

  func captured(of layer: CapturedLayer, options: AnalysisOptions) -> [ActivationRows] {
    [layer.input] + (options.routedOnly ? [layer.routerLogits].compactMap(\.self) : [])
  }

  func tokenMemory(_ plan: MemoryPlan) -> Int {
    let tokens = plan.options.tokens.number(of: plan.tokenCount)
    // A capture with fewer tokens than a block takes fills no block.
    let block = min(
      max(64 << 20, 1024 * plan.sizes.hiddenSize), 4 * plan.sizes.hiddenSize * tokens)
    let rank = min(plan.sizes.hiddenSize, plan.sizes.expertWidth)
    let perWorker = min(8 << 20, 4 * rank * tokens) + (plan.options.routedOnly ? block : 0)
    return block + plan.workers * perWorker + 8 * tokens
  }

  func tables(of unit: MeasuredUnit, in work: UnitWork) async throws -> [Table] {
    guard let layer = work.captured else { return [] }
    return try await activationTables(
      of: unit, layer: layer, rule: work.options.routedOnly ? try work.routingRule() : nil,
      in: work)
  }
}

/// Makes the tables of activation ratios.
///
/// - Parameters:
///   - unit: The unit, of gate_proj or up_proj.
///   - layer: The captured input.
///   - rule: How the router chooses, where only the tokens routed to an expert count.
///   - work: The options, and whose workers are used, an expert at a time.
/// - Returns: The tables `activation_ratio` and `activation_summary`.
/// - Throws: The errors of the captures and of the scratch file.
/// - Complexity: O(T N r d) for T tokens and N experts; memory for 64 MiB of tokens, and for one
///   expert's directions in each worker where they are on disk.
func activationTables(
  of unit: MeasuredUnit, layer: CapturedLayer, rule: RoutingRule?, in work: UnitWork
) async throws -> [Table] {
  let options = work.options
  let bases = unit.bases
  let experts = unit.routedExperts
  let d = bases.dimension
  let tokenCount = layer.input.rowCount
  let places = evenlySampled(options.tokens.number(of: tokenCount), of: tokenCount)
  let atOnce = max(256, (64 << 20) / (4 * d))
  var counts = experts.map { _ in [Int](repeating: 0, count: bases.rank) }
  var seen = experts.map { _ in 0 }
  var reader = ActivationReader()
  for start in stride(from: 0, to: places.count, by: atOnce) {
    let block = Array(places[start..<min(places.count, start + atOnce)])
    let rows = try reader.read(rowsAt: block, of: layer.input)
    let thresholds = activityThresholds(of: rows, threshold: options.threshold)
    let routed = try rule.map { try tokensByExpert(at: block, of: layer, rule: $0) }
    let found = try await work.map(count: experts.count) {
      place -> (counts: [Int], tokens: Int) in
      var counts = [Int](repeating: 0, count: bases.rank)
      let number = experts[place].number
      let directions = try bases.directions(ofExpert: experts[place].place)
      guard let chosen = routed?[number] else {
        addExceedanceCounts(of: rows, thresholds: thresholds, along: directions, to: &counts)
        return (counts, rows.rowCount)
      }
      addExceedanceCounts(
        of: rows.rows(at: chosen), thresholds: chosen.map { thresholds[$0] }, along: directions,
        to: &counts)
      return (counts, chosen.count)
    }
    for (place, result) in found.enumerated() {
      seen[place] += result.tokens
      for j in counts[place].indices { counts[place][j] += result.counts[j] }
    }
  }
  let floor = isotropicExceedance(threshold: options.threshold, dimension: d)
  return activationTables(of: unit, experts: experts, counts: counts, tokens: seen, floor: floor)
}

private func activationTables(
  of unit: MeasuredUnit, experts: [MeasuredUnit.RoutedExpert], counts: [[Int]], tokens: [Int],
  floor: Double
) -> [Table] {
  var ratios = Table(.activationRatio)
  var top: [Double] = []
  var tail: [Double] = []
  var first: [Double] = []
  for (place, expert) in experts.enumerated() {
    for (j, count) in counts[place].enumerated() {
      // An expert that saw no token has no ratio.
      let ratio = tokens[place] == 0 ? .nan : Double(count) / Double(tokens[place])
      ratios.append(
        ActivationRatio.layer(unit.layer), ActivationRatio.projection(unit.projection),
        ActivationRatio.expert(expert.name), ActivationRatio.direction(j + 1),
        ActivationRatio.ratio(ratio), ActivationRatio.tokens(tokens[place]),
        ActivationRatio.floorRatio(floor))
      guard !ratio.isNaN else { continue }
      if j < unit.leading { top.append(ratio) } else { tail.append(ratio) }
      if j == 0 { first.append(ratio) }
    }
  }
  var summary = Table(.activationSummary)
  summary.append(
    ActivationSummary.layer(unit.layer), ActivationSummary.projection(unit.projection),
    ActivationSummary.k(unit.leading), ActivationSummary.topRatio(mean(top)),
    ActivationSummary.tailRatio(mean(tail)), ActivationSummary.firstRatio(mean(first)),
    ActivationSummary.floorRatio(floor))
  return [ratios, summary]
}

/// t ||x|| / sqrt(d) for every row.
private func activityThresholds(of rows: Matrix<Float>, threshold: Double) -> [Float] {
  let d = rows.columnCount
  return (0..<rows.rowCount).map { row in
    Float(threshold * (rows.squaredNorm(ofRow: row) / Double(d)).squareRoot())
  }
}

/// For each expert, which of the tokens were routed to it.
private func tokensByExpert(
  at places: [Int], of layer: CapturedLayer, rule: RoutingRule
) throws -> [[Int]] {
  var tokens = [[Int]](repeating: [], count: rule.expertCount)
  guard let source = layer.routerLogits else { return tokens }
  var reader = ActivationReader()
  let logits = try reader.read(rowsAt: places, of: source)
  var chosen: [Int] = []
  for row in 0..<logits.rowCount {
    let start = row * logits.columnCount
    rule.choose(
      from: logits.elements[start..<start + logits.columnCount], into: &chosen)
    for expert in chosen { tokens[expert].append(row) }
  }
  return tokens
}
