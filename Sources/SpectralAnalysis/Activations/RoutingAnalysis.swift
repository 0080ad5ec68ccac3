import Captures
import Checkpoints
import Experts
import Findings
import Foundation
import Synchronization
import Tensors
import Workers

extension Analysis {
  /// Load and co-activation of experts (analysis 9).
  public static let routing = Analysis(RoutingAnalysis())
}

/// Analysis 9: load, its entropy and co-activation of a layer's experts.
struct RoutingAnalysis: LayerAnalysis {
  let name = "routing"
  let input = Analysis.Input.captures
  let tables: [TableDefinition] = [.routing, .routingSummary, .coactivation]
  let definitions = [
    "load": "share of token-expert assignments by the router's own choice from its logits",
    "load_entropy": "-sum load ln load / ln N",
  ]

  func isUsual(with inputs: AnalysisInputs) -> Bool { inputs.capture != nil }

  func check(
    _ capture: Capture, of checkpoint: Checkpoint, layers: [CapturedLayer],
    options: AnalysisOptions
  ) throws {
    try requireRouting(capture, of: checkpoint, layers: layers, for: "--analyses routing")
  }

  func captured(of layer: CapturedLayer, options: AnalysisOptions) -> [ActivationRows] {
    [layer.routerLogits].compactMap(\.self)
  }

  func findings(of layer: CapturedLayer, in work: UnitWork) async throws -> LayerFindings {
    guard let logits = layer.routerLogits else { return LayerFindings() }
    let rule = try work.routingRule()
    let counts = try await RoutingCounts(
      of: logits, rule: rule, workers: work.pool, order: work.order)
    return LayerFindings(tables: routingTables(layer: layer.index, counts: counts, rule: rule))
  }
}

/// Checks that the choices of the routers of some layers can be told from captures.
///
/// - Throws: ``AnalysisError/notCaptured(path:what:neededBy:)`` and ``CheckpointError``.
func requireRouting(
  _ capture: Capture, of checkpoint: Checkpoint, layers: [CapturedLayer], for option: String
) throws {
  for layer in layers {
    guard layer.routerLogits != nil else {
      throw AnalysisError.notCaptured(
        path: capture.path, what: "layers/\(layer.index)/router_logits", neededBy: option)
    }
    // Some routers choose by a table of tokens, which logits do not tell.
    _ = try checkpoint.routingRule(ofLayer: layer.index)
  }
}

/// How often experts were chosen, alone and together.
struct RoutingCounts: Sendable {
  /// The number of tokens.
  let tokenCount: Int
  /// How many tokens chose each expert.
  let tokens: [Int]
  /// How many tokens chose both a and b, at a * N + b for a < b.
  let together: [Int]

  /// Counts the choices of a router for all tokens.
  ///
  /// - Parameters:
  ///   - logits: The router's logits, T x N.
  ///   - rule: How it chooses.
  ///   - workers: Whose workers are used, a block of tokens at a time.
  ///   - order: Which piece of work it belongs to.
  /// - Throws: The errors of the captures.
  /// - Complexity: O(T (N + k^2)) for k experts per token; memory for 16,384 tokens in each worker.
  init(
    of logits: ActivationRows, rule: RoutingRule, workers: WorkerPool, order: Int = 0
  ) async throws {
    let n = logits.width
    let atOnce = 16_384
    let blockCount = (logits.rowCount + atOnce - 1) / atOnce
    let totals = Totals(expertCount: n)
    _ = try await workers.map(
      count: blockCount, order: order, makeMemory: { ActivationReader() }
    ) { reader, block in
      var tokens = [Int](repeating: 0, count: n)
      var together = [Int](repeating: 0, count: n * n)
      var chosen: [Int] = []
      let rows = try reader.read(
        block * atOnce..<min(logits.rowCount, (block + 1) * atOnce), of: logits)
      for row in 0..<rows.rowCount {
        rule.choose(from: rows.elements[row * n..<(row + 1) * n], into: &chosen)
        for (place, a) in chosen.enumerated() {
          tokens[a] += 1
          for b in chosen[(place + 1)...] { together[a * n + b] += 1 }
        }
      }
      totals.add(tokens: tokens, together: together)
    }
    tokenCount = logits.rowCount
    (tokens, together) = totals.counts
  }

  /// Sums of the blocks; whole numbers, so that their order does not matter.
  private final class Totals: Sendable {
    private let sums: Mutex<(tokens: [Int], together: [Int])>

    init(expertCount n: Int) {
      sums = Mutex(
        ([Int](repeating: 0, count: n), [Int](repeating: 0, count: n * n)))
    }

    var counts: (tokens: [Int], together: [Int]) { sums.withLock { $0 } }

    func add(tokens: [Int], together: [Int]) {
      sums.withLock { sums in
        for place in tokens.indices { sums.tokens[place] += tokens[place] }
        for place in together.indices { sums.together[place] += together[place] }
      }
    }
  }
}

/// Makes the tables of routing statistics.
///
/// - Returns: The tables `routing`, `routing_summary` and `coactivation`.
func routingTables(layer: Int, counts: RoutingCounts, rule: RoutingRule) -> [Table] {
  let n = counts.tokens.count
  // Where every expert is barred for every token, none has a load.
  let total = Double(max(1, counts.tokens.reduce(0, +)))
  let loads = counts.tokens.map { Double($0) / total }
  var routing = Table(.routing)
  for (expert, load) in loads.enumerated() {
    routing.append(
      Routing.layer(layer), Routing.expert(ExpertName(routed: expert)), Routing.load(load),
      Routing.tokens(counts.tokens[expert]), Routing.uniformLoad(1 / Double(n)))
  }

  let entropy = loads.reduce(0.0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
  var summary = Table(.routingSummary)
  summary.append(
    RoutingSummary.layer(layer), RoutingSummary.tokens(counts.tokenCount),
    RoutingSummary.expertsPerToken(rule.expertsPerToken),
    RoutingSummary.loadEntropy(n > 1 ? entropy / log(Double(n)) : 1),
    RoutingSummary.leastLoad(loads.min() ?? .nan), RoutingSummary.mostLoad(loads.max() ?? .nan))

  let k = Double(rule.expertsPerToken)
  let floor = n > 1 ? k * (k - 1) / (Double(n) * Double(n - 1)) : .nan
  var coactivation = Table(.coactivation)
  for a in 0..<n {
    for b in (a + 1)..<max(a + 1, n) {
      coactivation.append(
        Coactivation.layer(layer), Coactivation.expertA(ExpertName(routed: a)),
        Coactivation.expertB(ExpertName(routed: b)),
        Coactivation.share(Double(counts.together[a * n + b]) / Double(counts.tokenCount)),
        Coactivation.floorShare(floor))
    }
  }
  return [routing, summary, coactivation]
}
