import Experts
import Findings
import TestSupport

/// Small tables of the bands and of the analyses that need activations.
extension TestTables {
  /// Falling similarity and energy; the last band is narrower where `lastRank` says so.
  static func bands(
    _ definition: TableDefinition = .bands, projection: Projection = .gate, count: Int = 20,
    lastRank: Int = 15, mean: (Int) -> Double = { 0.1 + 0.5 / Double($0 + 1) },
    energy: (Int) -> Double = { 0.4 / Double(($0 + 1) * ($0 + 1)) }, floor: Double = floor
  ) -> Table {
    var table = Table(definition)
    for band in 0..<count {
      table.append(
        Bands.layer(3), Bands.projection(projection), Bands.band(band),
        Bands.k(band == count - 1 ? lastRank : 15), Bands.meanCosine(mean(band)),
        Bands.energy(energy(band)), Bands.floorMeanCosine(floor))
    }
    return table
  }

  /// One row for each pair of the experts.
  static func tailSimilarity(
    _ definition: TableDefinition = .tailSimilarity, projection: Projection = .gate,
    experts: [String], floor: Double = floor,
    value: (Int, Int) -> Double = { noise($0, $1, low: 0.06, high: 0.14) }
  ) -> Table {
    var table = Table(definition)
    for a in experts.indices {
      for b in experts.indices where a < b {
        table.append(
          TailSimilarity.layer(3), TailSimilarity.projection(projection),
          TailSimilarity.expertA(ExpertName(experts[a])),
          TailSimilarity.expertB(ExpertName(experts[b])), TailSimilarity.tailBands(93),
          TailSimilarity.meanCosine(value(a, b)), TailSimilarity.floorMeanCosine(floor))
      }
    }
    return table
  }

  /// A cosine for each expert and direction, falling with the direction.
  static func routerAlignment(
    projection: Projection = .gate, experts: [String], count: Int = 16, floor: Double = 0.0176
  ) -> Table {
    var table = Table(.routerAlignment)
    for (place, expert) in experts.enumerated() {
      for direction in 1...count {
        let cosine = noise(place, direction, low: 0.1, high: 0.4) / Double(direction)
        table.append(
          RouterAlignment.layer(3), RouterAlignment.projection(projection),
          RouterAlignment.expert(ExpertName(expert)), RouterAlignment.direction(direction),
          RouterAlignment.absCosine(cosine), RouterAlignment.floorAbsCosine(floor))
      }
    }
    return table
  }

  /// The same without projections.
  static func routerData(experts: [String], count: Int = 16, floor: Double = 0.0176) -> Table {
    var table = Table(.routerData)
    for (place, expert) in experts.enumerated() {
      for direction in 1...count {
        table.append(
          RouterData.layer(3), RouterData.expert(ExpertName(expert)),
          RouterData.direction(direction),
          RouterData.absCosine(noise(place, direction, low: 0, high: 0.3)),
          RouterData.floorAbsCosine(floor))
      }
    }
    return table
  }

  /// A ratio for each expert and direction that depends on both.
  static func activationRatio(
    projection: Projection = .gate, experts: [String], count: Int, floor: Double = 0.3173,
    ratio: (Int, Int) -> Double = { 0.3 + 0.3 / Double($1) + noise($0, $1, low: 0, high: 0.05) }
  ) -> Table {
    var table = Table(.activationRatio)
    for (place, expert) in experts.enumerated() {
      for direction in 1...count {
        table.append(
          ActivationRatio.layer(3), ActivationRatio.projection(projection),
          ActivationRatio.expert(ExpertName(expert)), ActivationRatio.direction(direction),
          ActivationRatio.ratio(ratio(place, direction)), ActivationRatio.tokens(4096),
          ActivationRatio.floorRatio(floor))
      }
    }
    return table
  }

  /// Values for each layer, projection and expert; tails are those of the top directions, halved.
  static func shuffle(
    layers: [Int], projections: [Projection] = [.gate], experts: [String],
    value: (Int, Int) -> Double = { noise($0, $1, low: 0.4, high: 0.9) }
  ) -> Table {
    var table = Table(.shuffle)
    for layer in layers {
      for projection in projections {
        for (place, expert) in experts.enumerated() {
          let top = value(layer, place)
          table.append(
            Shuffle.layer(layer), Shuffle.projection(projection),
            Shuffle.expert(ExpertName(expert)), Shuffle.k(15), Shuffle.topRelative(top),
            Shuffle.tailRelative(top / 2), Shuffle.topPerDirection(2 * top),
            Shuffle.tailPerDirection(top))
        }
      }
    }
    return table
  }

  /// One row for each pair of so many sequences.
  static func dataAlignment(
    count: Int, value: (Int, Int) -> Double = { noise($0, $1, low: 0, high: 0.9) },
    floor: (Int, Int) -> Double = { _, _ in floor }
  ) -> Table {
    var table = Table(.dataAlignment)
    for a in 0..<count {
      for b in 0..<count where a < b {
        let mean = value(a, b)
        table.append(
          DataAlignment.layer(3), DataAlignment.sequenceA(a), DataAlignment.sequenceB(b),
          DataAlignment.k(2), DataAlignment.meanCosine(mean), DataAlignment.overlap(mean * mean),
          DataAlignment.maxCosine(mean), DataAlignment.minCosine(mean), DataAlignment.geodesic(1),
          DataAlignment.floorMeanCosine(floor(a, b)))
      }
    }
    return table
  }

  /// A load for each expert, in the order given.
  static func routing(
    layers: [Int] = [3], experts: [String], load: ((Int) -> Double)? = nil
  ) -> Table {
    var table = Table(.routing)
    let uniform = 1 / Double(experts.count)
    for layer in layers {
      for (place, expert) in experts.enumerated() {
        let value = load?(place) ?? noise(place, 8, low: 0.5, high: 1.5) * uniform
        table.append(
          Routing.layer(layer), Routing.expert(ExpertName(expert)), Routing.load(value),
          Routing.tokens(100), Routing.uniformLoad(uniform))
      }
    }
    return table
  }

  /// One row for each pair of the experts.
  static func coactivation(
    experts: [String], floor: Double = 0.01,
    value: (Int, Int) -> Double = { noise($0, $1, low: 0, high: 0.05) }
  ) -> Table {
    var table = Table(.coactivation)
    for a in experts.indices {
      for b in experts.indices where a < b {
        table.append(
          Coactivation.layer(3), Coactivation.expertA(ExpertName(experts[a])),
          Coactivation.expertB(ExpertName(experts[b])), Coactivation.share(value(a, b)),
          Coactivation.floorShare(floor))
      }
    }
    return table
  }
}
