import Captures
import Checkpoints
import Experts
import Findings
import LinearAlgebra
import Tensors

extension Analysis {
  /// What a shuffled order of tokens changes (analysis 7).
  public static let shuffle = Analysis(ShuffleAnalysis())
}

/// Analysis 7: how much the projected input changes when the order of the tokens does.
struct ShuffleAnalysis: MatrixAnalysis {
  let name = "shuffle"
  let input = Analysis.Input.captures
  let tables: [TableDefinition] = [.shuffle]
  let definitions = [
    "shuffle relative":
      "mean norm of the projected change over the mean norm of the projected input",
    "shuffle per_direction":
      "root of the mean squared norm of the projected change over the rank of the projection",
  ]
  let needsInputSide = true

  func isUsual(with inputs: AnalysisInputs) -> Bool { inputs.capture != nil }

  func check(
    _ capture: Capture, of checkpoint: Checkpoint, layers: [CapturedLayer],
    options: AnalysisOptions
  ) throws {
    for layer in layers where layer.shuffledInput == nil {
      throw AnalysisError.notCaptured(
        path: capture.path, what: "shuffled/layers/\(layer.index)/moe_input",
        neededBy: "--analyses shuffle")
    }
  }

  func captured(of layer: CapturedLayer, options: AnalysisOptions) -> [ActivationRows] {
    [layer.input] + [layer.shuffledInput].compactMap(\.self)
  }

  func tokenMemory(_ plan: MemoryPlan) -> Int {
    let d = plan.sizes.hiddenSize
    let directions = plan.sizes.expertCount * plan.leadingCount
    return 4 * directions * d + plan.workers * 4 * 1024 * (2 * d + 2 * directions)
  }

  func tables(of unit: MeasuredUnit, in work: UnitWork) async throws -> [Table] {
    guard let layer = work.captured, let shuffled = layer.shuffledInput else { return [] }
    return [
      try await shuffleTable(of: unit, input: layer.input, shuffled: shuffled, in: work)
    ]
  }
}

/// Makes the table of shuffle sensitivity.
///
/// - Parameters:
///   - unit: The unit, of gate_proj or up_proj.
///   - input: The captured input, T x d.
///   - shuffled: The input of the same tokens in shuffled order, row by row beside `input`.
///   - work: Whose workers are used, a block of tokens at a time.
/// - Returns: The table `shuffle`.
/// - Throws: The errors of the captures.
/// - Complexity: O(T N k d) for T tokens and N experts; memory for a thousand tokens twice in each
///   worker.
func shuffleTable(
  of unit: MeasuredUnit, input: ActivationRows, shuffled: ActivationRows, in work: UnitWork
) async throws -> Table {
  let experts = unit.routedExperts
  let k = unit.leading
  let d = input.width
  // Row e * k + j is direction j of expert e.
  var stack = Matrix<Float>(rowCount: experts.count * k, columnCount: d)
  stack.withMutableView { stack in
    for (e, expert) in experts.enumerated() {
      expert.subspace.hidden.withView {
        stack.rows(e * k..<(e + 1) * k).assign($0.columns(0..<k).transposed)
      }
    }
  }
  let directions = stack
  // The block does not depend on the width, so neither does the rounding of the sums.
  let atOnce = 1024
  let blockCount = (input.rowCount + atOnce - 1) / atOnce
  var totals = experts.map { _ in ShuffleSums() }
  // Sums are folded now and then, so that they do not pile up with the tokens.
  for first in stride(from: 0, to: blockCount, by: 64) {
    let parts = try await work.map(
      count: min(64, blockCount - first), makeMemory: { ActivationReader() }
    ) { reader, place -> [ShuffleSums] in
      let start = (first + place) * atOnce
      let rows = start..<min(input.rowCount, start + atOnce)
      let before = try reader.read(rows, of: input)
      var change = try reader.read(rows, of: shuffled)
      for place in change.elements.indices { change.elements[place] -= before.elements[place] }
      return sums(
        of: SquaredParts(of: before, along: directions, rank: k),
        and: SquaredParts(of: change, along: directions, rank: k))
    }
    for part in parts { for e in totals.indices { totals[e] += part[e] } }
  }

  var table = Table(.shuffle)
  for (e, expert) in experts.enumerated() {
    let total = totals[e]
    let tokens = Double(input.rowCount)
    func perDirection(_ sum: Double, rank: Int) -> Double {
      rank > 0 ? (sum / tokens / Double(rank)).squareRoot() : .nan
    }
    table.append(
      Shuffle.layer(unit.layer), Shuffle.projection(unit.projection), Shuffle.expert(expert.name),
      Shuffle.k(k), Shuffle.topRelative(total.topChange / total.top),
      Shuffle.tailRelative(total.tailChange / total.tail),
      Shuffle.topPerDirection(perDirection(total.topSquares, rank: k)),
      Shuffle.tailPerDirection(perDirection(total.tailSquares, rank: d - k)))
  }
  return table
}

/// The squared norms of rows, whole and in each expert's leading subspace.
private struct SquaredParts {
  let rowCount: Int
  let expertCount: Int
  /// ||x_t||^2 for each row.
  let whole: [Double]
  /// ||P_e x_t||^2 at t * experts + e.
  let top: [Double]

  init(of rows: Matrix<Float>, along directions: Matrix<Float>, rank k: Int) {
    let projected = product(rows, directions, rightTransposed: true)
    rowCount = rows.rowCount
    expertCount = directions.rowCount / k
    whole = (0..<rows.rowCount).map { rows.squaredNorm(ofRow: $0) }
    let experts = expertCount
    top = (0..<rows.rowCount * experts).map { place in
      let start = place % experts * k
      return projected.squaredNorm(ofRow: place / experts, columns: start..<start + k)
    }
  }

  /// ||P_e x_t||^2 and ||(I - P_e) x_t||^2 of one row and expert.
  func parts(row: Int, expert: Int) -> (top: Double, tail: Double) {
    let inside = top[row * expertCount + expert]
    // Rounding can lift the part a little over the whole.
    return (inside, max(0, whole[row] - inside))
  }
}

/// Sums over tokens, for one expert: norms of the input, norms of its change and their squares, in
/// the top subspace and outside.
private struct ShuffleSums: Sendable {
  var top = 0.0
  var tail = 0.0
  var topChange = 0.0
  var tailChange = 0.0
  var topSquares = 0.0
  var tailSquares = 0.0

  static func += (sums: inout ShuffleSums, other: ShuffleSums) {
    sums.top += other.top
    sums.tail += other.tail
    sums.topChange += other.topChange
    sums.tailChange += other.tailChange
    sums.topSquares += other.topSquares
    sums.tailSquares += other.tailSquares
  }
}

private func sums(of input: SquaredParts, and change: SquaredParts) -> [ShuffleSums] {
  (0..<input.expertCount).map { expert in
    var sums = ShuffleSums()
    for row in 0..<input.rowCount {
      let before = input.parts(row: row, expert: expert)
      let change = change.parts(row: row, expert: expert)
      sums.top += before.top.squareRoot()
      sums.tail += before.tail.squareRoot()
      sums.topChange += change.top.squareRoot()
      sums.tailChange += change.tail.squareRoot()
      sums.topSquares += change.top
      sums.tailSquares += change.tail
    }
    return sums
  }
}
