import Findings

/// Small tables of the bands and of the analyses that need activations.
extension TestTables {
  /// Falling similarity and energy; the last band is narrower where `lastRank` says so.
  static func bands(
    _ definition: TableDefinition = .bands, projection: String = "gate_proj", count: Int = 20,
    lastRank: Int = 15, mean: (Int) -> Double = { 0.1 + 0.5 / Double($0 + 1) },
    energy: (Int) -> Double = { 0.4 / Double(($0 + 1) * ($0 + 1)) }, floor: Double = floor
  ) -> Table {
    var table = Table(definition)
    for band in 0..<count {
      table.append(
        .integer(3), .text(projection), .integer(band),
        .integer(band == count - 1 ? lastRank : 15), .number(mean(band)), .number(energy(band)),
        .number(floor))
    }
    return table
  }

  /// One row for each pair of the experts.
  static func tailSimilarity(
    _ definition: TableDefinition = .tailSimilarity, projection: String = "gate_proj",
    experts: [String], floor: Double = floor,
    value: (Int, Int) -> Double = { noise($0, $1, low: 0.06, high: 0.14) }
  ) -> Table {
    var table = Table(definition)
    for a in experts.indices {
      for b in experts.indices where a < b {
        table.append(
          .integer(3), .text(projection), .text(experts[a]), .text(experts[b]), .integer(93),
          .number(value(a, b)), .number(floor))
      }
    }
    return table
  }

  /// A cosine for each expert and direction, falling with the direction.
  static func routerAlignment(
    projection: String = "gate_proj", experts: [String], count: Int = 16, floor: Double = 0.0176
  ) -> Table {
    var table = Table(.routerAlignment)
    for (place, expert) in experts.enumerated() {
      for direction in 1...count {
        let cosine = noise(place, direction, low: 0.1, high: 0.4) / Double(direction)
        table.append(
          .integer(3), .text(projection), .text(expert), .integer(direction), .number(cosine),
          .number(floor))
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
          .integer(3), .text(expert), .integer(direction),
          .number(noise(place, direction, low: 0, high: 0.3)), .number(floor))
      }
    }
    return table
  }

  /// A ratio for each expert and direction that depends on both.
  static func activationRatio(
    projection: String = "gate_proj", experts: [String], count: Int, floor: Double = 0.3173,
    ratio: (Int, Int) -> Double = { 0.3 + 0.3 / Double($1) + noise($0, $1, low: 0, high: 0.05) }
  ) -> Table {
    var table = Table(.activationRatio)
    for (place, expert) in experts.enumerated() {
      for direction in 1...count {
        table.append(
          .integer(3), .text(projection), .text(expert), .integer(direction),
          .number(ratio(place, direction)), .integer(4096), .number(floor))
      }
    }
    return table
  }

  /// Values for each layer, projection and expert; tails are those of the top directions, halved.
  static func shuffle(
    layers: [Int], projections: [String] = ["gate_proj"], experts: [String],
    value: (Int, Int) -> Double = { noise($0, $1, low: 0.4, high: 0.9) }
  ) -> Table {
    var table = Table(.shuffle)
    for layer in layers {
      for projection in projections {
        for (place, expert) in experts.enumerated() {
          let top = value(layer, place)
          table.append(
            .integer(layer), .text(projection), .text(expert), .integer(15), .number(top),
            .number(top / 2), .number(2 * top), .number(top))
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
          .integer(3), .integer(a), .integer(b), .integer(2), .number(mean), .number(mean * mean),
          .number(mean), .number(mean), .number(1), .number(floor(a, b)))
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
          .integer(layer), .text(expert), .number(value), .integer(100), .number(uniform))
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
          .integer(3), .text(experts[a]), .text(experts[b]), .number(value(a, b)), .number(floor))
      }
    }
    return table
  }
}
