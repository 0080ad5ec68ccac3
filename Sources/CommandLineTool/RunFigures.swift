import Findings
import SpectralReports

/// Draws the figures of a run, one unit after the other so that memory stays that of a unit.
func writeFigures(of folder: RunFolder) throws {
  let units = folder.manifest.units
  let largest = units.map(\.layer).max()
  // One colour scale for all figures of a kind, so that layers can be compared.
  var similarityMaximum = 0.0
  var scoreMaximum = 0.0
  for unit in units {
    if let table = try folder.table(.similarity, of: unit) {
      similarityMaximum = max(similarityMaximum, similarityScaleMaximum(of: table))
    }
    if let table = try folder.table(.routerScore, of: unit) {
      scoreMaximum = max(scoreMaximum, routerScoreScaleMaximum(of: table))
    }
  }
  for unit in units {
    var figures: [Figure] = []
    if let similarity = try folder.table(.similarity, of: unit) {
      figures += similarityHeatmaps(
        similarity: similarity,
        energy: try folder.table(.energy, of: unit) ?? Table(.energy),
        scaleMaximum: similarityMaximum, largestLayer: largest)
    }
    if let scores = try folder.table(.routerScore, of: unit) {
      figures += routerScoreHeatmaps(
        routerScore: scores, scaleMaximum: scoreMaximum, largestLayer: largest)
    }
    if let spectrum = try folder.table(.spectrum, of: unit) {
      figures += spectrumCharts(spectrum: spectrum, largestLayer: largest)
    }
    for figure in figures { try folder.write(svg: figure.svg, ofFigure: figure.name) }
  }
}
