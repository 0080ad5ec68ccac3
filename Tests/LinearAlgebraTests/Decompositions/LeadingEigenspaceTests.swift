import LinearAlgebra
import Tensors
import TestSupport
import Testing

/// Checks the contract of `LeadingEigenspace`.
@Suite struct LeadingEigenspaceTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  /// A = V diag(values) V^T, applied without being formed.
  struct Operator {
    let vectors: Matrix<Double>
    let values: [Double]

    /// Random directions for the values that are not zero.
    init(_ values: [Double], dimension: Int, seed: UInt64 = 1) throws {
      vectors = try orthonormalColumns(of: .random(dimension, values.count, seed: seed))
      self.values = values
    }

    func applied(to block: Matrix<Double>) -> Matrix<Double> {
      var inner = product(vectors, leftTransposed: true, block)
      for place in inner.elements.indices {
        inner.elements[place] *= values[place / inner.columnCount]
      }
      return product(vectors, inner)
    }
  }

  /// Iterates until the state says to stop.
  private func run(
    _ operation: Operator, count: Int, scale: Double = 1, isRounded: Bool = false
  ) throws -> LeadingEigenspace {
    let dimension = operation.vectors.rowCount
    var found = LeadingEigenspace(dimension: dimension, count: count)
    while found.state == .open {
      var image = operation.applied(to: found.block.widened())
      for place in image.elements.indices {
        image.elements[place] *= scale
        if isRounded { image.elements[place] = Double(Float(image.elements[place])) }
      }
      try found.absorb(image)
      try #require(found.applications <= 100, "no end")
    }
    return found
  }

  /// What holds of every result: rounding a basis to single precision turns it by less than 1e-6.
  private func expectBasis(
    _ found: LeadingEigenspace, count: Int, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(found.vectors.columnCount == count, sourceLocation: sourceLocation)
    #expect(orthonormalityError(found.vectors.widened()) <= 1e-6, sourceLocation: sourceLocation)
    #expect(found.values.sorted(by: >) == found.values, sourceLocation: sourceLocation)
  }

  // MARK: Planted spectra

  static let separated: [PlantedSpectrum] = [
    .outlier30, .outlier1000, .rankK, .equalLeading, .steps, .slowExponential, .fastExponential,
  ]

  @Test("finds a planted subspace within the bound that it tells", arguments: separated, [1, 3, 8])
  func planted(spectrum: PlantedSpectrum, k: Int) throws {
    let dimension = 600
    let values = spectrum.values(rank: dimension, k: k).map { $0 * $0 }
    let operation = try Operator(values, dimension: dimension)
    let found = try run(operation, count: k)
    // Rounding a block leaves 1e-7 of a value that is a million times as large as the rest: there
    // the iteration may give up instead, but its bound holds.
    if spectrum != .outlier1000 || k == 1 {
      #expect(found.state == .converged)
      #expect(found.angleBound <= LeadingEigenspace.allowedAngle)
    }
    #expect(found.state == .converged || found.state == .exhausted)
    expectBasis(found, count: k)
    let sine = try largestSine(found.vectors.widened(), operation.vectors.leadingColumns(k))
    #expect(sine <= found.angleBound + 1e-6)
    // A Ritz value is below its eigenvalue by the square of the angle at most, and never above it.
    #expect(found.values.count == k + 1)
    let noise = 1e-6 * values[0]
    for (value, exact) in zip(found.values, values) { #expect(value <= exact + noise) }
    let below = found.angleBound * found.angleBound * values[0] + noise
    expectClose(Array(found.values.prefix(k)), Array(values.prefix(k)), within: below)
  }

  @Test("agrees with the whole sum of squares and with a decomposition", arguments: [5, 16])
  func againstGramMatrix(k: Int) throws {
    // Normal rows, of which the first k weigh more: s_k / s_(k+1) is about 1.5.
    var rows = Matrix<Double>.random(700, 530, seed: 4)
    for row in 0..<k {
      for column in 0..<530 { rows[row, column] *= 4 }
    }
    var found = LeadingEigenspace(dimension: 530, count: k)
    while found.state == .open {
      try found.absorb(product(rows, leftTransposed: true, product(rows, found.block.widened())))
    }
    #expect(found.state == .converged)
    let whole = try GramMatrixTests.gram(of: rows).leadingEigenvectors(count: k + 1)
    let full = try SingularValueDecomposition(of: rows)
    for exact in [whole.vectors.leadingColumns(k), full.right.leadingColumns(k)] {
      #expect(try largestSine(found.vectors.widened(), exact) <= found.angleBound + 1e-6)
    }
    let allowed = found.angleBound * found.angleBound * whole.values[0] + 1e-6 * whole.values[0]
    expectClose(
      Array(found.values.prefix(k)), Array(whole.values.prefix(k)), within: allowed)
  }

  @Test(
    "takes images as inexact as single precision is, and any scale", arguments: [1e-60, 1, 1e60])
  func scale(scale: Double) throws {
    let values = PlantedSpectrum.fastExponential.values(rank: 200, k: 6).map { $0 * $0 }
    let operation = try Operator(values, dimension: 520)
    let found = try run(operation, count: 6, scale: scale, isRounded: scale == 1)
    #expect(found.state == .converged)
    expectBasis(found, count: 6)
    let sine = try largestSine(found.vectors.widened(), operation.vectors.leadingColumns(6))
    #expect(sine <= found.angleBound + 1e-5)
    #expect(abs(found.values[0] - scale * values[0]) <= 1e-3 * scale * values[0])
  }

  @Test("the same seed begins with the same block, another with another")
  func seeds() {
    let first = LeadingEigenspace(dimension: 50, count: 4, seed: 3)
    #expect(first.block == LeadingEigenspace(dimension: 50, count: 4, seed: 3).block)
    #expect(first.block != LeadingEigenspace(dimension: 50, count: 4, seed: 4).block)
    #expect(orthonormalityError(first.block.widened()) <= 1e-6)
    #expect(first.state == .open && first.applications == 0 && first.angleBound == .infinity)
  }

  // MARK: Where no subspace is told apart

  @Test("says that equal values at the boundary tell no subspace, and gives as much energy")
  func illSeparated() throws {
    // Values 9, 4, then six times 1, then what decays.
    let values = [9, 4, 1, 1, 1, 1, 1, 1] + (0..<400).map { 0.3 / Double($0 + 1) }
    let operation = try Operator(values, dimension: 700)
    let found = try run(operation, count: 4)
    #expect(found.state == .illSeparated)
    expectBasis(found, count: 4)
    let vectors = found.vectors.widened()
    let energy = product(vectors, leftTransposed: true, operation.applied(to: vectors))
    let trace = (0..<4).reduce(0) { $0 + energy[$1, $1] }
    // A residual of 1e-3 of the last value: the energy is short of 15 by less.
    #expect(abs(trace - 15) <= 1e-2)
    // The directions that are told apart are among them.
    #expect(try largestSine(operation.vectors.leadingColumns(2), vectors) <= 0.012)
  }

  @Test("gives all there is of fewer directions than are wanted", arguments: [40, 600])
  func rankDeficient(dimension: Int) throws {
    let operation = try Operator([5, 3, 2], dimension: dimension)
    let found = try run(operation, count: 5)
    #expect(found.state != .open)
    expectBasis(found, count: 5)
    let sine = try largestSine(operation.vectors, found.vectors.widened())
    #expect(sine <= 1e-5)
    expectClose(Array(found.values.prefix(3)), [5, 3, 2], within: 1e-5)
    for value in found.values.dropFirst(3) { #expect(abs(value) <= 1e-5) }
  }

  @Test("finds every direction where all are wanted", arguments: [1, 6, 20, 33])
  func wholeSpace(dimension: Int) throws {
    let values = (0..<dimension).map { Double(dimension - $0) }
    let operation = try Operator(values, dimension: dimension)
    let found = try run(operation, count: dimension)
    #expect(found.state == .converged)
    #expect(found.angleBound == 0)
    expectBasis(found, count: dimension)
    expectClose(found.values, values, within: 1e-5 * values[0])
  }

  @Test("becomes exact when the blocks fill the space")
  func filled() throws {
    // No gap that a few blocks would show, but only 60 dimensions.
    let values = (0..<60).map { 1 - 1e-2 * Double($0) }
    let operation = try Operator(values, dimension: 60)
    let found = try run(operation, count: 3)
    #expect(found.state == .converged)
    #expect(found.angleBound <= LeadingEigenspace.allowedAngle)
    let sine = try largestSine(found.vectors.widened(), operation.vectors.leadingColumns(3))
    #expect(sine <= found.angleBound + 1e-4)
  }

  @Test("gives up on nothing, and on a spectrum without any gap")
  func exhausted() throws {
    let zero = try run(Operator([0], dimension: 90), count: 3)
    #expect(zero.state == .exhausted)
    #expect(zero.applications == 1)
    expectBasis(zero, count: 3)
    // 1, 0.999, 0.998, ...: 24 blocks cannot tell the eighth from the ninth.
    let slope = try Operator((0..<1000).map { 1 - 1e-3 * Double($0) }, dimension: 1000)
    let found = try run(slope, count: 8)
    #expect(found.state == .exhausted)
    #expect(found.applications == 24)
    expectBasis(found, count: 8)
  }

  // MARK: Traps

  @Test("Wrong use is a trap")
  func traps() async {
    await #expect(processExitsWith: .failure) { _ = LeadingEigenspace(dimension: 4, count: 5) }
    await #expect(processExitsWith: .failure) { _ = LeadingEigenspace(dimension: 4, count: 0) }
    await #expect(processExitsWith: .failure) {
      var space = LeadingEigenspace(dimension: 40, count: 5)
      try space.absorb(Matrix(rowCount: 40, columnCount: 3))
    }
    await #expect(processExitsWith: .failure) {
      var space = LeadingEigenspace(dimension: 4, count: 4)
      for _ in 0..<2 { try space.absorb(space.block.widened()) }
    }
  }
}
