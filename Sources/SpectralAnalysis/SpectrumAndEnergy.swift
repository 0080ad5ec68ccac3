import Checkpoints
import Findings

/// Analysis 1: the leading singular values of every expert, the last ones those of shared experts.
func spectrumTable(of unit: MeasuredUnit) -> Table {
  var table = Table(.spectrum)
  for expert in unit.experts {
    let told = unit.request.toldCount(rank: expert.rank)
    for (place, value) in expert.singularValues.prefix(told).enumerated() {
      table.append(
        .integer(unit.layer), .text(unit.projection.rawValue), .text(expert.name),
        .integer(place + 1), .number(value))
    }
  }
  return table
}

/// Analysis 1: how much of an expert's energy its leading directions carry.
func energyTable(of unit: MeasuredUnit) -> Table {
  var table = Table(.energy)
  for expert in unit.experts {
    let top = expert.singularValues.prefix(expert.leading).reduce(0) { $0 + $1 * $1 }
    let largest = expert.singularValues[0]
    table.append(
      .integer(unit.layer), .text(unit.projection.rawValue), .text(expert.name),
      .integer(expert.leading),
      // Rounding can lift the sum of all squares a little over the norm it is a part of.
      .number(min(1, top / expert.squaredNorm)),
      .number(max(1, expert.squaredNorm / (largest * largest))), .number(.nan),
      .number(expert.gap), .text(expert.gap < illSeparatedGap ? "ill-separated" : ""))
  }
  return table
}

/// Under this gap the k-th direction is hardly defined (Method.md section 2).
let illSeparatedGap = 1.001
