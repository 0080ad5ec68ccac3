extension FigureKind {
  /// All kinds of figures, in the order in which a page shows those of one section.
  static let all: [FigureKind] = [
    similarity, gradientSimilarity, tailSimilarity, gradientTailSimilarity,
    bands, gradientBands, energyCurve, gradientEnergyCurve, spectrum, gradientSpectrum,
    routerScore, routerAlignment, activationRatio, routerData, dataAlignment,
    routing, coactivation, shuffle, profile,
  ]
}
