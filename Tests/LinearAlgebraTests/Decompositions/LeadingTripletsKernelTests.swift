import LinearAlgebra
import Tensors
import Testing

/// Checks the contract of `LeadingTriplets.compute` with each instruction set, from BF16 and from
/// single precision, on what narrow blocks could miss.
@Suite struct LeadingTripletsKernelTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  static let sets = InstructionSet.available

  @Test("keep the contract on every kind of spectrum", arguments: sets, [(330, 400), (420, 300)])
  func everySpectrum(set: InstructionSet, shape: (Int, Int)) throws {
    let bases = try RandomBases(rowCount: shape.0, columnCount: shape.1, seed: 21)
    for spectrum in PlantedSpectrum.allCases {
      let values = spectrum.values(rank: min(shape.0, shape.1), k: 6)
      let planted = PlantedMatrix(values, in: bases)
      let found = try LeadingTriplets.compute(of: planted.matrix, count: 16, subspaceRank: 6, set)
      try expectContract(
        found, KnownTriplets(planted), count: 16, k: 6, "\(spectrum.rawValue), \(found.method)")
    }
  }

  @Test("of BF16 matrices are as good as LAPACK's", arguments: sets, [(300, 700), (513, 301)])
  func bf16(set: InstructionSet, shape: (Int, Int)) throws {
    let bases = try RandomBases(rowCount: shape.0, columnCount: shape.1, seed: 22)
    for spectrum in [PlantedSpectrum.powerLaw, .outlier30, .slowExponential, .flatPlateau] {
      let values = spectrum.values(rank: min(shape.0, shape.1), k: 5)
      let matrix = PlantedMatrix(values, in: bases).matrix.inBF16()
      let known = try KnownTriplets(of: matrix.widened())
      let found = try LeadingTriplets.compute(of: matrix, count: 16, subspaceRank: 5, set)
      try expectContract(found, known, count: 16, k: 5, "\(spectrum.rawValue), \(found.method)")
      let again = try LeadingTriplets.compute(of: matrix, count: 16, subspaceRank: 5, set)
      #expect(again.left == found.left && again.right == found.right)
      #expect(again.singularValues == found.singularValues)
    }
  }

  /// So many equal values, at the top or under some larger ones.
  struct Group: Sendable, CustomTestStringConvertible {
    let size: Int
    let above: Int
    /// The relative distance between neighbours in the group.
    let slope: Double
    var testDescription: String { "\(above) + \(size) values \(slope) apart" }

    func value(_ index: Int) -> Double {
      if index < above { return 20 + Double(above - index) }
      if index < above + size { return 10 - 10 * slope * Double(index - above) }
      let below = Double(index - above - size)
      return below < 15 ? 3 - 0.1 * below : 0.5 - 5e-4 * below
    }
  }

  static let groups = [3, 4, 5, 6, 8, 12].flatMap { size in
    [0, 2].flatMap { above in
      [0, 1e-6, 1e-4, 1e-3].map { Group(size: size, above: above, slope: $0) }
    }
  }

  @Test("groups of equals as large as a narrow block lose no direction", arguments: groups)
  func equalValues(group: Group) throws {
    let bases = try RandomBases(rowCount: 330, columnCount: 300, seed: 23)
    let planted = PlantedMatrix((0..<300).map { group.value($0) }, in: bases)
    let k = group.above + group.size
    let found = try LeadingTriplets.compute(of: planted.matrix, count: 16, subspaceRank: k)
    try expectContract(
      found, KnownTriplets(planted), count: 16, k: k, "\(group), \(found.method)")
  }

  @Test(
    "values of a group that goes on past the wanted ones are right", arguments: [8, 14],
    [1e-5, 1e-4, 3e-4, 1e-3])
  func groupPastWanted(size: Int, slope: Double) throws {
    let bases = try RandomBases(rowCount: 330, columnCount: 300, seed: 26)
    for above in [0, 3] {
      let group = Group(size: size, above: above, slope: slope)
      let planted = PlantedMatrix((0..<300).map { group.value($0) }, in: bases)
      for wanted in 1...5 {
        let found = try LeadingTriplets.compute(
          of: planted.matrix, count: above + wanted, subspaceRank: max(1, above))
        try expectContract(
          found, KnownTriplets(planted), count: above + wanted, k: max(1, above),
          "\(group), \(wanted) wanted, \(found.method)")
      }
    }
  }

  @Test("groups of four equals are left to wider blocks, not to a full decomposition")
  func widerBlocks() throws {
    let bases = try RandomBases(rowCount: 330, columnCount: 300, seed: 24)
    let group = Group(size: 6, above: 0, slope: 0)
    let planted = PlantedMatrix((0..<300).map { group.value($0) }, in: bases)
    let found = try LeadingTriplets.compute(of: planted.matrix, count: 16, subspaceRank: 6)
    guard case .blockKrylov = found.method else {
      Issue.record("\(found.method) instead of an iteration")
      return
    }
  }

  @Test("of BF16 matrices of any scale keep the contract", arguments: [-120, -60, 60, 120])
  func scale(exponent: Int) throws {
    let bases = try RandomBases(rowCount: 300, columnCount: 320, seed: 25)
    let planted = PlantedMatrix(PlantedSpectrum.powerLaw.values(rank: 300, k: 5), in: bases)
    let factor = Double(sign: .plus, exponent: exponent, significand: 1)
    let matrix = Matrix<Float>(
      rowCount: 300, columnCount: 320,
      elements: planted.matrix.elements.map { Float(Double($0) * factor) }
    ).inBF16()
    let found = try LeadingTriplets.compute(of: matrix, count: 16, subspaceRank: 5)
    try expectContract(found, KnownTriplets(of: matrix.widened()), count: 16, k: 5)
  }
}
