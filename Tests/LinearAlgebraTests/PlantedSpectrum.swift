import Foundation

/// The shapes of spectra that the leading triplets are checked on.
enum PlantedSpectrum: String, CaseIterable, Sendable {
  case powerLaw, outlier30, outlier1000, lowRank, rankK, pairs, fours
  case equalLeading, equalButOne, steps, slowExponential, fastExponential
  case flatPlateau, slopingPlateau, denseAboveGap

  /// The singular values, largest first; a gap of at least 1.01 stands after direction k wherever
  /// the name allows it.
  func values(rank: Int, k: Int) -> [Double] {
    // What trained weights look like: a slow decay.
    func decay(_ index: Int) -> Double { pow(Double(index) + 5, -0.35) }
    return (0..<rank).map { index in
      let inside = index < k
      switch self {
      case .powerLaw: return decay(index)
      case .outlier30: return index == 0 ? 30 * decay(0) : decay(index)
      case .outlier1000: return index == 0 ? 1000 * decay(0) : decay(index)
      case .lowRank: return index < k + 10 ? decay(index) : 0
      case .rankK: return inside ? decay(index) : 0
      // Equal values in groups that end at the boundary of the leading k.
      case .pairs: return decay((index + k % 2) / 2 * 2)
      case .fours: return decay((index + (4 - k % 4) % 4) / 4 * 4)
      case .equalLeading: return inside ? 2 : decay(index)
      case .equalButOne: return index < k - 1 ? 2 : index < k ? 1.5 : decay(index)
      case .steps: return index < k / 2 ? 3 : inside ? 2 : index < k + 5 ? 1 : 0.5
      case .slowExponential: return pow(0.97, Double(index))
      case .fastExponential: return pow(0.85, Double(index))
      // A gap of 1.01 exactly, before a long plateau.
      case .flatPlateau: return inside ? 1.01 + 0.1 * Double(k - 1 - index) : 1
      case .slopingPlateau:
        return inside ? 1.01 + 0.1 * Double(k - 1 - index) : 1 - 5e-4 * Double(index - k)
      case .denseAboveGap:
        return inside ? 1.01 + 0.001 * Double(k - 1 - index) : 1 - 5e-4 * Double(index - k)
      }
    }
  }
}
