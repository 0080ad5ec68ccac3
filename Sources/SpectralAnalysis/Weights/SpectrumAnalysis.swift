import Findings

extension Analysis {
  /// The singular values (analysis 1).
  public static let spectrum = Analysis(SpectrumAnalysis())
}

/// Analysis 1: the singular values of every expert, the last ones those of shared experts.
struct SpectrumAnalysis: MatrixAnalysis {
  let name = "spectrum"
  let tables: [TableDefinition] = [.spectrum]

  func isUsual(with inputs: AnalysisInputs) -> Bool { true }

  func tables(of unit: MeasuredUnit, in work: UnitWork) async throws -> [Table] {
    [spectrumTable(of: unit)]
  }
}

/// Makes the table `spectrum`: the leading values, or all where they are asked for.
func spectrumTable(of unit: MeasuredUnit) -> Table {
  var table = Table(unit.definition(.spectrum))
  for expert in unit.experts {
    let told = unit.request.tellsAllValues ? expert.rank : expert.toldCount
    for (place, value) in expert.singularValues.prefix(told).enumerated() {
      table.append(
        Spectrum.layer(unit.layer), Spectrum.projection(unit.projection),
        Spectrum.expert(expert.name), Spectrum.index(place + 1), Spectrum.sigma(value))
    }
  }
  return table
}
