import Captures
import Checkpoints
import Findings
import Foundation
import Synchronization
import Tensors
import Workers

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
  ///   - width: How many blocks of tokens to work on at once.
  /// - Throws: The errors of the captures.
  /// - Complexity: O(T (N + k^2)) for k experts per token; memory for 16,384 tokens in each worker.
  init(of logits: ActivationRows, rule: RoutingRule, width: Int) async throws {
    let n = logits.width
    let atOnce = 16_384
    let blockCount = (logits.rowCount + atOnce - 1) / atOnce
    let totals = Totals(expertCount: n)
    _ = try await workSideBySide(
      count: blockCount, width: width, makeState: { ActivationReader() }
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

/// Analysis 9: load, its entropy and co-activation of a layer's experts.
///
/// - Returns: The tables `routing`, `routing_summary` and `coactivation`.
func routingTables(layer: Int, counts: RoutingCounts, rule: RoutingRule) -> [Table] {
  let n = counts.tokens.count
  let total = Double(counts.tokens.reduce(0, +))
  let loads = counts.tokens.map { Double($0) / total }
  var routing = Table(.routing)
  for (expert, load) in loads.enumerated() {
    routing.append(
      .integer(layer), .text(String(expert)), .number(load), .integer(counts.tokens[expert]),
      .number(1 / Double(n)))
  }

  let entropy = loads.reduce(0.0) { $1 > 0 ? $0 - $1 * log($1) : $0 }
  var summary = Table(.routingSummary)
  summary.append(
    .integer(layer), .integer(counts.tokenCount), .integer(rule.expertsPerToken),
    .number(n > 1 ? entropy / log(Double(n)) : 1), .number(loads.min() ?? .nan),
    .number(loads.max() ?? .nan))

  let k = Double(rule.expertsPerToken)
  let floor = n > 1 ? k * (k - 1) / (Double(n) * Double(n - 1)) : .nan
  var coactivation = Table(.coactivation)
  for a in 0..<n {
    for b in (a + 1)..<max(a + 1, n) {
      coactivation.append(
        .integer(layer), .text(String(a)), .text(String(b)),
        .number(Double(counts.together[a * n + b]) / Double(counts.tokenCount)), .number(floor))
    }
  }
  return [routing, summary, coactivation]
}
