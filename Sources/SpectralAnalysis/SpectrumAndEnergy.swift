import Checkpoints
import Findings

/// Analysis 1: the singular values of every expert, the last ones those of shared experts.
func spectrumTable(of unit: MeasuredUnit) -> Table {
  var table = Table(unit.definition(.spectrum))
  for expert in unit.experts {
    let told = unit.request.tellsAllValues ? expert.rank : expert.toldCount
    for (place, value) in expert.singularValues.prefix(told).enumerated() {
      table.append(
        .integer(unit.layer), .text(unit.projection.rawValue), .text(expert.name),
        .integer(place + 1), .number(value))
    }
  }
  return table
}

/// Analysis 1: how much of an expert's energy its leading directions carry.
///
/// - Parameters:
///   - unit: The unit.
///   - tokens: How many tokens each expert saw, by its name; for gradients alone.
/// - Returns: The table `energy`.
func energyTable(of unit: MeasuredUnit, tokens: [String: Int] = [:]) -> Table {
  var table = Table(unit.definition(.energy))
  for expert in unit.experts {
    let top = expert.singularValues.prefix(expert.leading).reduce(0) { $0 + $1 * $1 }
    let largest = expert.singularValues[0]
    var row: [Table.Cell] = [
      .integer(unit.layer), .text(unit.projection.rawValue), .text(expert.name),
      .integer(expert.leading),
      // Rounding can lift the sum of all squares a little over the norm it is a part of.
      .number(min(1, top / expert.squaredNorm)),
      .number(max(1, expert.squaredNorm / (largest * largest))), .number(expert.effectiveRank),
      .number(expert.gap), .text(expert.gap < illSeparatedGap ? "ill-separated" : ""),
    ]
    if unit.isOfGradients { row.append(.number(tokens[expert.name].map(Double.init) ?? .nan)) }
    table.append(contentsOf: row)
  }
  return table
}

/// Under this gap the k-th direction is hardly defined (Method.md section 2).
let illSeparatedGap = 1.001
