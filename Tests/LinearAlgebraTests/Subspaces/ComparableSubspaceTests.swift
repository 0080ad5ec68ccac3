import LinearAlgebra
import Tensors
import Testing

/// Checks that bases laid out for the kernels compare as those that are not.
@Suite struct ComparableSubspaceTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  static let sets = InstructionSet.available

  static func bases(_ n: Int, _ ranks: [Int], seed: UInt64) throws -> [Matrix<Float>] {
    var generator = SeededGenerator(seed: seed)
    return try ranks.map {
      try orthonormalColumns(of: Matrix<Double>.random(n, $0, using: &generator)).rounded()
    }
  }

  // Ranks around fours and past what is solved without LAPACK, lengths around registers.
  @Test(
    "are as similar as their bases", arguments: sets,
    [(1, 1), (7, 2), (33, 3), (64, 4), (97, 15), (257, 16), (300, 49), (2048, 21)])
  func similarity(set: InstructionSet, shape: (n: Int, k: Int)) throws {
    let bases = try Self.bases(shape.n, [shape.k, shape.k, shape.k], seed: 1)
    let found = try ComparableSubspace(bases[0]).similarities(
      to: bases.map(ComparableSubspace.init), set)
    for (other, similarity) in zip(bases, found) {
      let expected = try SubspaceSimilarity.between(bases[0], other)
      // Both contracts allow an error of 1e-6 in each cosine.
      #expect(abs(similarity.meanCosine - expected.meanCosine) <= 2e-6)
      #expect(abs(similarity.overlap - expected.overlap) <= 4e-6)
      #expect(abs(similarity.maxCosine - expected.maxCosine) <= 2e-6)
      #expect(abs(similarity.minCosine - expected.minCosine) <= 2e-6)
      // An angle of nearly 0 is the square root of what its cosine lacks.
      let allowed = (Double(shape.k) * 4e-6).squareRoot()
      #expect(abs(similarity.geodesic - expected.geodesic) <= allowed)
    }
    #expect(found.count == 3 && found[0].minCosine >= 1 - 1e-6)
  }

  @Test("are compared by the smaller number of directions")
  func unequalRanks() throws {
    let bases = try Self.bases(120, [9, 5, 12, 9], seed: 2)
    let found = try ComparableSubspace(bases[0]).similarities(
      to: bases[1...].map(ComparableSubspace.init))
    for (other, similarity) in zip(bases[1...], found) {
      let k = min(9, other.columnCount)
      let expected = try SubspaceSimilarity.between(
        bases[0].leadingColumns(k), other.leadingColumns(k))
      #expect(abs(similarity.meanCosine - expected.meanCosine) <= 2e-6)
    }
  }

  @Test("do not depend on what else is compared", arguments: sets)
  func company(set: InstructionSet) throws {
    let subspaces = try Self.bases(700, [15, 15, 7, 15, 15], seed: 3).map(ComparableSubspace.init)
    let together = try subspaces[0].similarities(to: subspaces, set)
    for (other, similarity) in zip(subspaces, together) {
      #expect(try subspaces[0].similarities(to: [other], set) == [similarity])
    }
  }

  @Test("name the first element that is not finite", arguments: [3, 60])
  func notFinite(rank: Int) throws {
    var bases = try Self.bases(70, [rank, rank], seed: 4)
    bases[1][11, 2] = .nan
    let subspaces = bases.map(ComparableSubspace.init)
    #expect(throws: LinearAlgebraError.notFinite(row: 11, column: 2)) {
      try subspaces[0].similarities(to: subspaces[1...])
    }
  }

  @Test("of two spaces trap")
  func twoSpaces() async {
    await #expect(processExitsWith: .failure) {
      let a = ComparableSubspace(Matrix<Float>(rowCount: 40, columnCount: 1))
      let b = ComparableSubspace(Matrix<Float>(rowCount: 41, columnCount: 1))
      _ = try a.similarities(to: [b])
    }
  }
}
