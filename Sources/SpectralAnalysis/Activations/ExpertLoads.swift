public import Captures
public import Checkpoints
import Workers

/// The share of token-expert assignments that each expert of a layer got, by the family's own rule.
///
/// - Parameters:
///   - checkpoint: What the activations were captured from.
///   - capture: Activations with router logits.
///   - layers: The layers; nil for all that were captured.
///   - workers: How many blocks of tokens to work on at once.
/// - Returns: For each layer a share for each expert, one in sum.
/// - Throws: ``AnalysisError`` where the captures do not fit, `CheckpointError` where logits do
///   not tell the choice.
/// - Complexity: O(T (N + k^2)) for each layer.
public func expertLoads(
  of checkpoint: Checkpoint, in capture: Capture, layers: [Int]?, workers: Int
) async throws -> [Int: [Double]] {
  let inputs = AnalysisInputs(checkpoint: checkpoint, capture: capture)
  let layers = try checkpoint.layers(numbered: layers)
  try inputs.check(for: AnalysisOptions(analyses: [.routing]), layers: layers)
  let pool = WorkerPool(count: workers)
  var loads: [Int: [Double]] = [:]
  for layer in layers {
    guard let logits = capture.layer(layer.index)?.routerLogits else { continue }
    let counts = try await RoutingCounts(
      of: logits, rule: try checkpoint.routingRule(ofLayer: layer.index), workers: pool)
    let total = counts.tokens.reduce(0, +)
    loads[layer.index] = counts.tokens.map { Double($0) / Double(max(1, total)) }
  }
  return loads
}
