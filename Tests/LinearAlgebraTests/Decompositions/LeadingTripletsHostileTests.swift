import LinearAlgebra
import Tensors
import Testing

/// Looks for matrices on which the iteration would give a wrong subspace without saying so, crash
/// or not end.
@Suite struct LeadingTripletsHostileTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  /// A group of nearly equal values, larger than a block of the iteration (16, or 32 for more than
  /// 24 triplets).
  struct Group: Sendable, CustomTestStringConvertible {
    let size: Int
    let k: Int
    let count: Int
    /// The relative distance between neighbours in the group.
    var slope = 0.0
    /// Values above the group.
    var above = 0
    /// The rank of the matrix.
    var rank = Int.max

    var testDescription: String {
      "\(above) + \(size) values \(slope) apart, k \(k) of \(count), rank \(rank)"
    }

    func value(_ index: Int) -> Double {
      if index >= rank { return 0 }
      if index < above { return 20 }
      if index < above + size { return 10 - 10 * slope * Double(index) }
      let below = Double(index - above - size)
      return below < 15 ? 3 - 0.1 * below : 0.5 - 5e-4 * below
    }
  }

  static let groups = [
    Group(size: 20, k: 20, count: 21), Group(size: 18, k: 22, count: 24),
    Group(size: 17, k: 17, count: 18), Group(size: 20, k: 21, count: 24, above: 1),
    Group(size: 40, k: 40, count: 41), Group(size: 36, k: 45, count: 48),
    Group(size: 20, k: 20, count: 21, rank: 20), Group(size: 20, k: 20, count: 21, rank: 30),
    Group(size: 20, k: 22, count: 24, slope: 1e-7), Group(size: 20, k: 22, count: 24, slope: 1e-6),
    Group(size: 20, k: 22, count: 24, slope: 1e-5), Group(size: 20, k: 22, count: 24, slope: 1e-4),
    Group(size: 20, k: 22, count: 24, slope: 1e-3), Group(size: 20, k: 22, count: 24, slope: 3e-3),
    Group(size: 36, k: 45, count: 48, slope: 1e-5), Group(size: 36, k: 45, count: 48, slope: 1e-4),
  ]

  @Test(
    "groups of equals larger than a block lose no direction", arguments: groups,
    [(400, 330), (270, 800)])
  func equalValues(group: Group, shape: (Int, Int)) throws {
    let bases = try RandomBases(rowCount: shape.0, columnCount: shape.1, seed: 1)
    let planted = PlantedMatrix((0..<min(shape.0, shape.1)).map { group.value($0) }, in: bases)
    let found = try LeadingTriplets.compute(
      of: planted.matrix, count: group.count, subspaceRank: group.k)
    try expectContract(found, KnownTriplets(planted), count: group.count, k: group.k)
  }

  @Test(
    "do not depend on the scale of the elements",
    arguments: [-140, -120, -90, -60, -30, -12, 12, 30, 60, 90, 120])
  func scale(exponent: Int) throws {
    let bases = try RandomBases(rowCount: 400, columnCount: 520, seed: 2)
    let planted = PlantedMatrix(PlantedSpectrum.powerLaw.values(rank: 400, k: 5), in: bases)
    let plain = try LeadingTriplets.compute(of: planted.matrix, count: 16, subspaceRank: 5)
    let factor = Double(sign: .plus, exponent: exponent, significand: 1)
    let scaled = Matrix<Float>(
      rowCount: 400, columnCount: 520,
      elements: planted.matrix.elements.map { Float(Double($0) * factor) })
    let found = try LeadingTriplets.compute(of: scaled, count: 16, subspaceRank: 5)
    // Under 2^-126 elements lose bits, so that the truth changes with them.
    let known = try KnownTriplets(of: scaled)
    try expectContract(found, known, count: 16, k: 5, "\(found.method)")
    if exponent > -100 {
      #expect(found.method == plain.method)
      for (value, exact) in zip(found.singularValues, plain.singularValues) {
        #expect(abs(value / factor - exact) <= 1e-5 * exact)
      }
    }
  }

  /// Matrices whose structure a start without structure must not miss.
  enum Structure: String, CaseIterable {
    case repeatedRow, duplicateRows, equalBlocks, blocks, sparse, diagonal, oneElement, constant
    case identity, zeroRowsAndColumns

    func matrix(_ rows: Int, _ columns: Int) -> Matrix<Float> {
      var generator = SeededGenerator(seed: 5)
      let noise = Matrix<Float>.random(rows, columns, using: &generator)
      var result = Matrix<Float>(rowCount: rows, columnCount: columns)
      for row in 0..<rows {
        for column in 0..<columns {
          let sameBlock = row / 25 == column / 25
          switch self {
          case .repeatedRow: result[row, column] = noise[0, column] + 1e-6 * noise[row, column]
          case .duplicateRows: result[row, column] = noise[row / 7, column]
          case .equalBlocks: result[row, column] = sameBlock ? noise[row % 25, column % 25] : 0
          case .blocks: result[row, column] = sameBlock ? noise[row, column] : 0
          case .sparse:
            result[row, column] = generator.uniform() < 0.002 ? noise[row, column] : 0
          case .diagonal: result[row, column] = row == column ? 1 / Float(1 + row * 37 % rows) : 0
          case .oneElement: result[row, column] = row == 17 && column == 23 ? 3 : 0
          case .constant: result[row, column] = 0.02
          case .identity: result[row, column] = row == column ? 1 : 0
          case .zeroRowsAndColumns:
            result[row, column] = row % 3 == 0 && column % 5 == 0 ? noise[row, column] : 0
          }
        }
      }
      return result
    }
  }

  @Test("miss no direction of a matrix with structure", arguments: Structure.allCases)
  func structure(structure: Structure) throws {
    for (rows, columns) in [(450, 400), (300, 600)] {
      let known = try KnownTriplets(of: structure.matrix(rows, columns))
      for (k, count) in [(1, 16), (7, 16), (15, 16), (18, 24), (25, 26), (40, 41)] {
        let found = try LeadingTriplets.compute(of: known.matrix, count: count, subspaceRank: k)
        try expectContract(
          found, known, count: count, k: k, "k \(k) of \(rows) x \(columns), \(found.method)")
      }
    }
  }

  @Test(
    "near-equal values across the boundary of k still end, with right values",
    arguments: [0, 1e-7, 1e-5, 1e-3])
  func straddle(distance: Double) throws {
    let bases = try RandomBases(rowCount: 400, columnCount: 520, seed: 3)
    var values = PlantedSpectrum.powerLaw.values(rank: 400, k: 5)
    values[5] = values[4] * (1 - distance)
    let planted = PlantedMatrix(values, in: bases)
    let found = try LeadingTriplets.compute(of: planted.matrix, count: 16, subspaceRank: 5)
    try expectContract(found, KnownTriplets(planted), count: 16, k: 5)
    // The pair as a whole is well separated, whichever of the two stands first.
    let sine = try largestSine(
      found.right.doubled().leadingColumns(6), planted.right.leadingColumns(6))
    #expect(sine <= 0.028)
  }

  @Test("of a very wide matrix keep the contract, and of a very tall one")
  func veryWide() throws {
    let bases = try RandomBases(rowCount: 300, columnCount: 20_000, seed: 4)
    let planted = PlantedMatrix(PlantedSpectrum.powerLaw.values(rank: 300, k: 3), in: bases)
    for planted in [planted, planted.transposed()] {
      let found = try LeadingTriplets.compute(of: planted.matrix, count: 16, subspaceRank: 3)
      try expectContract(found, KnownTriplets(planted), count: 16, k: 3, "\(found.method)")
      guard case .blockKrylov(_, doublePrecision: false) = found.method else {
        Issue.record("\(found.method) instead of an iteration in single precision")
        return
      }
    }
  }
}
