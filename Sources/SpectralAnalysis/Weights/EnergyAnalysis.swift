import Experts
import Findings

extension Analysis {
  /// Energy of the leading directions (analysis 1).
  public static let energy = Analysis(EnergyAnalysis())
}

/// Analysis 1: how much of an expert's energy its leading directions carry.
struct EnergyAnalysis: MatrixAnalysis {
  let name = "energy"
  let tables: [TableDefinition] = [.energy]
  let definitions = [
    "energy_top": "sum of the k largest squared singular values over the squared Frobenius norm",
    "effective_rank": "exp(-sum p ln p), p = sigma^2 / squared Frobenius norm",
    "ill-separated": "sigma_k / sigma_(k+1) under 1.001",
  ]

  func isUsual(with inputs: AnalysisInputs) -> Bool { true }

  func tables(of unit: MeasuredUnit, in work: UnitWork) async throws -> [Table] {
    [energyTable(of: unit)]
  }
}

/// Makes the table of energies.
///
/// - Parameters:
///   - unit: The unit.
///   - tokens: How many tokens each expert saw, by its name; for gradients alone.
/// - Returns: The table `energy`.
func energyTable(of unit: MeasuredUnit, tokens: [ExpertName: Int] = [:]) -> Table {
  var table = Table(unit.definition(.energy))
  for expert in unit.experts {
    let top = expert.singularValues.prefix(expert.leading).reduce(0) { $0 + $1 * $1 }
    let largest = expert.singularValues[0]
    var row = [
      Energy.layer(unit.layer), Energy.projection(unit.projection), Energy.expert(expert.name),
      Energy.k(expert.leading),
      // Rounding can lift the sum of all squares a little over the norm it is a part of.
      Energy.energyTop(min(1, top / expert.squaredNorm)),
      Energy.stableRank(max(1, expert.squaredNorm / (largest * largest))),
      Energy.effectiveRank(expert.effectiveRank), Energy.gap(expert.gap),
      Energy.flag(expert.gap < illSeparatedGap ? .illSeparated : nil),
    ]
    if unit.isOfGradients {
      row.append(Energy.tokens(tokens[expert.name].map(Double.init) ?? .nan))
    }
    table.append(contentsOf: row)
  }
  return table
}

/// Under this gap the k-th direction is hardly defined (Method.md section 2).
private let illSeparatedGap = 1.001
