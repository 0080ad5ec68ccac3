import LinearAlgebra
import Tensors
import Testing

/// Checks the contract written above `LeadingTriplets.compute`, clause by clause, on matrices of
/// moderate size.
@Suite struct LeadingTripletsTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  /// One matrix shape and what is wanted of it.
  struct Task: Sendable, CustomTestStringConvertible {
    let rows: Int
    let columns: Int
    let k: Int
    let seed: UInt64
    var count: Int { max(16, k + 1) }
    var testDescription: String { "\(rows) x \(columns), k \(k), seed \(seed)" }
  }

  static let tasks = [
    Task(rows: 257, columns: 257, k: 1, seed: 1), Task(rows: 257, columns: 600, k: 3, seed: 2),
    Task(rows: 600, columns: 257, k: 3, seed: 3), Task(rows: 300, columns: 700, k: 20, seed: 4),
    Task(rows: 384, columns: 384, k: 7, seed: 5), Task(rows: 512, columns: 400, k: 40, seed: 6),
    Task(rows: 400, columns: 900, k: 4, seed: 7), Task(rows: 900, columns: 400, k: 10, seed: 8),
    Task(rows: 700, columns: 640, k: 15, seed: 9), Task(rows: 640, columns: 1000, k: 7, seed: 10),
    Task(rows: 700, columns: 704, k: 33, seed: 11), Task(rows: 700, columns: 700, k: 1, seed: 12),
  ]

  // MARK: Known answers, built in

  @Test("keep the contract on every kind of spectrum", arguments: tasks)
  func everySpectrum(task: Task) throws {
    let bases = try RandomBases(rowCount: task.rows, columnCount: task.columns, seed: task.seed)
    for spectrum in PlantedSpectrum.allCases {
      let values = spectrum.values(rank: min(task.rows, task.columns), k: task.k)
      let planted = PlantedMatrix(values, in: bases)
      let found = try LeadingTriplets.compute(
        of: planted.matrix, count: task.count, subspaceRank: task.k)
      try expectContract(
        found, KnownTriplets(planted), count: task.count, k: task.k,
        "\(spectrum.rawValue), \(found.method)")
    }
  }

  @Test("of a random Gaussian matrix keep the contract", arguments: tasks)
  func gaussian(task: Task) throws {
    let matrix = Matrix<Float>.random(task.rows, task.columns, seed: task.seed)
    let found = try LeadingTriplets.compute(of: matrix, count: task.count, subspaceRank: task.k)
    try expectContract(found, KnownTriplets(of: matrix), count: task.count, k: task.k)
  }

  // MARK: Which way is taken

  @Test("up to a rank of 256 come from a full decomposition", arguments: [(256, 300), (300, 256)])
  func smallMatrices(rows: Int, columns: Int) throws {
    let matrix = Matrix<Float>.random(rows, columns, seed: 1)
    let found = try LeadingTriplets.compute(of: matrix, count: 16, subspaceRank: 3)
    #expect(found.method == .fullDecomposition)
    #expect(found.angleBound == 0)
    try expectContract(found, KnownTriplets(of: matrix), count: 16, k: 3)
  }

  @Test("as many as the matrix has are found, and one alone")
  func extremeCounts() throws {
    let matrix = Matrix<Float>.random(6, 9, seed: 1)
    let known = try KnownTriplets(of: matrix)
    for (count, k) in [(1, 1), (6, 1), (6, 6)] {
      let found = try LeadingTriplets.compute(of: matrix, count: count, subspaceRank: k)
      try expectContract(found, known, count: count, k: k)
    }
  }

  @Test("an outlier of 1000 is left to double precision, one of 1 is not")
  func precision() throws {
    let bases = try RandomBases(rowCount: 600, columnCount: 700, seed: 1)
    for (spectrum, isDouble) in [(PlantedSpectrum.outlier1000, true), (.powerLaw, false)] {
      let planted = PlantedMatrix(spectrum.values(rank: 600, k: 6), in: bases)
      let found = try LeadingTriplets.compute(of: planted.matrix, count: 16, subspaceRank: 6)
      #expect(found.isDoublePrecision == isDouble, "\(found.method)")
    }
  }

  // MARK: Determinism

  @Test("are the same bytes again, alone and side by side")
  func determinism() async throws {
    let bases = try RandomBases(rowCount: 500, columnCount: 620, seed: 3)
    let matrices = PlantedSpectrum.allCases.map {
      PlantedMatrix($0.values(rank: 500, k: 5), in: bases).matrix
    }
    let alone = try matrices.map { try LeadingTriplets.compute(of: $0, count: 16, subspaceRank: 5) }
    for _ in 0..<2 {
      let together = try await withThrowingTaskGroup(of: (Int, LeadingTriplets).self) { group in
        for (index, matrix) in matrices.enumerated() {
          group.addTask {
            (index, try LeadingTriplets.compute(of: matrix, count: 16, subspaceRank: 5))
          }
        }
        var results: [Int: LeadingTriplets] = [:]
        for try await (index, found) in group { results[index] = found }
        return results
      }
      for (index, first) in alone.enumerated() {
        let second = try #require(together[index])
        #expect(first.singularValues == second.singularValues)
        #expect(first.left == second.left && first.right == second.right)
        #expect(first.method == second.method && first.angleBound == second.angleBound)
      }
    }
  }

  // MARK: Traps

  @Test("impossible counts trap", arguments: [(4, 0), (4, 5), (7, 1), (0, 0)])
  func impossibleCounts(count: Int, subspaceRank: Int) async {
    await #expect(processExitsWith: .failure) { [count = count as Int, k = subspaceRank as Int] in
      let matrix = Matrix<Float>(rowCount: 6, columnCount: 9, elements: (0..<54).map { Float($0) })
      _ = try LeadingTriplets.compute(of: matrix, count: count, subspaceRank: k)
    }
  }
}
