import Findings
import SpectralReports

/// Draws the figures of a run, one unit after the other so that memory stays that of a unit.
func writeFigures(of folder: RunFolder) throws {
  let scales = try FigureScales(of: folder)
  let largest = folder.manifest.units.map(\.layer).max()
  for unit in folder.manifest.units {
    func table(_ definition: TableDefinition) throws -> Table? {
      try folder.table(unit.subject == .gradients ? definition.ofGradients : definition, of: unit)
    }
    var figures: [Figure] = []
    if let similarity = try table(.similarity) {
      figures += similarityHeatmaps(
        similarity: similarity, energy: try table(.energy) ?? Table(.energy),
        scaleMaximum: scales.similarity(of: unit.subject), largestLayer: largest)
    }
    if let tail = try table(.tailSimilarity) {
      figures += tailSimilarityHeatmaps(
        tailSimilarity: tail, scaleMaximum: scales.similarity(of: unit.subject),
        largestLayer: largest)
    }
    if let bands = try table(.bands) { figures += bandCharts(bands: bands, largestLayer: largest) }
    if let spectrum = try table(.spectrum) {
      figures += spectrumCharts(spectrum: spectrum, largestLayer: largest)
    }
    if let scores = try table(.routerScore) {
      figures += routerScoreHeatmaps(
        routerScore: scores, scaleMaximum: scales.routerScore, largestLayer: largest)
    }
    if let alignment = try table(.routerAlignment) {
      figures += routerAlignmentCharts(routerAlignment: alignment, largestLayer: largest)
    }
    if let ratios = try table(.activationRatio) {
      figures += activationRatioCharts(activationRatio: ratios, largestLayer: largest)
    }
    if let routerData = try table(.routerData) {
      figures += routerDataCharts(routerData: routerData, largestLayer: largest)
    }
    if let alignment = try table(.dataAlignment) {
      figures += dataAlignmentHeatmaps(
        dataAlignment: alignment, scaleMaximum: scales.dataAlignment, largestLayer: largest)
    }
    if let routing = try table(.routing) {
      figures += routingFigures(
        routing: routing, coactivation: try table(.coactivation) ?? Table(.coactivation),
        scaleMaximum: scales.coactivation, largestLayer: largest)
    }
    for figure in figures { try folder.write(svg: figure.svg, ofFigure: figure.name) }
  }
  if let shuffle = try folder.table(.shuffle) {
    for figure in shuffleBars(shuffle: shuffle) {
      try folder.write(svg: figure.svg, ofFigure: figure.name)
    }
  }
}

/// One colour scale for all heatmaps of a kind, so that layers can be compared.
private struct FigureScales {
  private var weights = 0.0
  private var gradients = 0.0
  private(set) var routerScore = 0.0
  private(set) var dataAlignment = 0.0
  private(set) var coactivation = 0.0

  init(of folder: RunFolder) throws {
    for unit in folder.manifest.units {
      func largest(
        _ scale: inout Double, _ definition: TableDefinition, _ maximum: (Table) -> Double
      ) throws {
        if let table = try folder.table(definition, of: unit) { scale = max(scale, maximum(table)) }
      }
      try largest(&weights, .similarity) { similarityScaleMaximum(of: $0) }
      try largest(&weights, .tailSimilarity) { tailSimilarityScaleMaximum(of: $0) }
      try largest(&gradients, .similarity.ofGradients) { similarityScaleMaximum(of: $0) }
      try largest(&gradients, .tailSimilarity.ofGradients) { tailSimilarityScaleMaximum(of: $0) }
      try largest(&routerScore, .routerScore) { routerScoreScaleMaximum(of: $0) }
      try largest(&dataAlignment, .dataAlignment) { dataAlignmentScaleMaximum(of: $0) }
      try largest(&coactivation, .coactivation) { coactivationScaleMaximum(of: $0) }
    }
  }

  /// The dominant and the tail heatmaps of a subject share one scale.
  func similarity(of subject: RunManifest.Unit.Subject) -> Double {
    subject == .gradients ? gradients : weights
  }
}
