import Findings

/// Small tables with values that can be told by hand.
enum TestTables {
  static let floor = 0.0717

  /// The names of so many routed experts and, after them, of the shared ones.
  static func experts(_ routed: Int, shared: [String] = []) -> [String] {
    (0..<routed).map { "\($0)" } + shared
  }

  /// A value in `low...high` that depends on its arguments alone and looks like noise.
  static func noise(_ a: Int, _ b: Int, low: Double, high: Double) -> Double {
    var bits = UInt64(truncatingIfNeeded: a &* 7919 &+ b &* 104_729 &+ 1)
    bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
    bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
    bits ^= bits >> 31
    return low + (high - low) * Double(bits >> 11) / Double(UInt64(1) << 53)
  }

  /// One row for each pair a < b of the experts, in the order given.
  static func similarity(
    layers: [Int] = [0], projections: [String] = ["gate_proj"], sides: [String] = ["hidden"],
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
                .integer(layer), .text(projection), .text(side), .text(experts[a]),
                .text(experts[b]), .integer(k), .number(mean), .number(mean * mean),
                .number(mean), .number(mean), .number(1), .number(floor))
            }
          }
        }
      }
    }
    return table
  }

  /// One row for each expert; those in `flagged` are ill-separated.
  static func energy(
    layer: Int = 0, projection: String = "gate_proj", experts: [String] = [],
    flagged: Set<String> = []
  ) -> Table {
    var table = Table(.energy)
    for expert in experts {
      table.append(
        .integer(layer), .text(projection), .text(expert), .integer(15), .number(0.1),
        .number(9), .number(.nan), .number(1.2),
        .text(flagged.contains(expert) ? "ill-separated" : ""))
    }
    return table
  }

  /// The scores of every router row on every expert; matched ones are higher.
  static func routerScore(
    projection: String = "gate_proj", count: Int, floor: Double = 0.00732
  ) -> Table {
    var table = Table(.routerScore)
    for row in 0..<count {
      for expert in 0..<count {
        let score = noise(row, expert + 500, low: 0, high: 0.06) + (row == expert ? 0.08 : 0)
        table.append(
          .integer(0), .text(projection), .integer(row), .integer(expert), .number(score),
          .number(floor))
      }
    }
    return table
  }

  /// Falling spectra; the singular values of a shared expert are larger.
  static func spectrum(
    projection: String = "gate_proj", experts: [String], count: Int = 16
  ) -> Table {
    var table = Table(.spectrum)
    for (place, expert) in experts.enumerated() {
      let scale = noise(place, 3, low: 2.5, high: 4) + (Int(expert) == nil ? 2 : 0)
      for index in 1...count {
        table.append(
          .integer(0), .text(projection), .text(expert), .integer(index),
          .number(scale * (0.55 + 0.45 / Double(index))))
      }
    }
    return table
  }
}
