import Experts
import Findings
import TestSupport

/// Small tables with values that can be told by hand.
enum TestTables {
  static let floor = 0.0717

  /// One row for each pair a < b of the experts, in the order given.
  static func similarity(
    layers: [Int] = [0], projections: [Projection] = [.gate], sides: [Side] = [.hidden],
    experts: [String], k: Int = 15, floor: Double = floor,
    value: (Int, Int) -> Double = { noise($0, $1, low: 0.08, high: 0.62) }
  ) -> Table {
    var table = Table(.similarity)
    for layer in layers {
      for projection in projections {
        for side in sides {
          for a in experts.indices {
            for b in experts.indices where a < b {
              let mean = value(a, b)
              table.append(
                Similarity.layer(layer), Similarity.projection(projection), Similarity.side(side),
                Similarity.expertA(ExpertName(experts[a])),
                Similarity.expertB(ExpertName(experts[b])), Similarity.k(k),
                Similarity.meanCosine(mean), Similarity.overlap(mean * mean),
                Similarity.maxCosine(mean), Similarity.minCosine(mean), Similarity.geodesic(1),
                Similarity.floorMeanCosine(floor))
            }
          }
        }
      }
    }
    return table
  }

  /// One row for each expert; those in `flagged` are ill-separated.
  static func energy(
    layer: Int = 0, projection: Projection = .gate, experts: [String] = [],
    flagged: Set<String> = []
  ) -> Table {
    var table = Table(.energy)
    for expert in experts {
      table.append(
        Energy.layer(layer), Energy.projection(projection), Energy.expert(ExpertName(expert)),
        Energy.k(15), Energy.energyTop(0.1), Energy.stableRank(9), Energy.effectiveRank(.nan),
        Energy.gap(1.2), Energy.flag(flagged.contains(expert) ? .illSeparated : nil))
    }
    return table
  }

  /// The scores of every router row on every expert; matched ones are higher.
  static func routerScore(
    projection: Projection = .gate, count: Int, floor: Double = 0.00732
  ) -> Table {
    var table = Table(.routerScore)
    for row in 0..<count {
      for expert in 0..<count {
        let score = noise(row, expert + 500, low: 0, high: 0.06) + (row == expert ? 0.08 : 0)
        table.append(
          RouterScore.layer(0), RouterScore.projection(projection), RouterScore.routerRow(row),
          RouterScore.expert(expert), RouterScore.score(score), RouterScore.floorScore(floor))
      }
    }
    return table
  }

  /// Falling spectra; the singular values of a shared expert are larger.
  static func spectrum(
    projection: Projection = .gate, experts: [String], count: Int = 16
  ) -> Table {
    var table = Table(.spectrum)
    for (place, expert) in experts.enumerated() {
      let scale = noise(place, 3, low: 2.5, high: 4) + (Int(expert) == nil ? 2 : 0)
      for index in 1...count {
        table.append(
          Spectrum.layer(0), Spectrum.projection(projection), Spectrum.expert(ExpertName(expert)),
          Spectrum.index(index), Spectrum.sigma(scale * (0.55 + 0.45 / Double(index))))
      }
    }
    return table
  }
}
