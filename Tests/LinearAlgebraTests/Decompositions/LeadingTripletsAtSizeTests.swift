import Foundation
import LinearAlgebra
import Tensors
import Testing

/// Checks the iteration at the size of a real expert, 1408 x 2048 and its transpose, with k = 15.
///
/// Two references that know nothing of the iteration: the vectors that were planted, and LAPACK in
/// double precision.
@Suite struct LeadingTripletsAtSizeTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  /// What one decomposition of three seconds serves for all tests.
  struct Reference {
    let planted: PlantedMatrix
    let lapack: LeadingTriplets

    init() throws {
      LinearAlgebraLibrary.useOneThread()
      let bases = try RandomBases(rowCount: 1408, columnCount: 2048, seed: 15)
      planted = PlantedMatrix((0..<1408).map { pow(Double($0) + 5, -0.35) }, in: bases)
      lapack = try LeadingTriplets.decompose(planted.matrix.doubled(), count: 16)
    }
  }

  static let reference = Result { try Reference() }

  @Test("agree with the planted vectors and with LAPACK", arguments: [false, true])
  func accuracy(transposed: Bool) throws {
    let reference = try Self.reference.get()
    let planted = transposed ? reference.planted.transposed() : reference.planted
    let exactLeft = transposed ? reference.lapack.right : reference.lapack.left
    let exactRight = transposed ? reference.lapack.left : reference.lapack.right
    let found = try LeadingTriplets.compute(of: planted.matrix, count: 16, subspaceRank: 15)

    guard case .blockKrylov(let passes, doublePrecision: false) = found.method else {
      Issue.record("\(found.method) instead of an iteration in single precision")
      return
    }
    #expect(passes <= 20)
    try expectContract(found, KnownTriplets(planted), count: 16, k: 15)
    let left = try SubspaceSimilarity.between(
      found.left.leadingColumns(15), exactLeft.leadingColumns(15))
    let right = try SubspaceSimilarity.between(
      found.right.leadingColumns(15), exactRight.leadingColumns(15))
    #expect(1 - left.minCosine <= 1e-4)
    #expect(1 - right.minCosine <= 1e-4)
    for (value, exact) in zip(found.singularValues, reference.lapack.singularValues) {
      #expect(abs(value - exact) <= 1e-4 * exact)
    }
    // Neighbouring values are a factor 1.018 or more apart: each direction is within 0.012 rad.
    for index in 0..<15 {
      #expect(cosine(found.left, exactLeft, index) >= 1 - 7.3e-5)
      #expect(cosine(found.right, exactRight, index) >= 1 - 7.3e-5)
    }
    try expectSmallResiduals(found, planted.matrix)
  }

  /// |<a_j, b_j>| of two columns.
  func cosine(_ a: Matrix<Float>, _ b: Matrix<Float>, _ index: Int) -> Double {
    abs((0..<a.rowCount).reduce(0.0) { $0 + Double(a[$1, index]) * Double(b[$1, index]) })
  }

  /// W v = s u holds by construction up to single precision; W^T u - s v is the iteration's
  /// residual over s, and that was accepted at an angle of 0.012 times a gap below s_1^2.
  func expectSmallResiduals(_ found: LeadingTriplets, _ matrix: Matrix<Float>) throws {
    let w = matrix.doubled()
    let images = product(w, found.right.doubled())
    let backs = product(w, leftTransposed: true, found.left.doubled())
    let first = found.singularValues[0]
    for (index, value) in found.singularValues.enumerated() {
      let forward = (0..<w.rowCount).reduce(0.0) { sum, row in
        let error = images[row, index] - value * Double(found.left[row, index])
        return sum + error * error
      }
      let backward = (0..<w.columnCount).reduce(0.0) { sum, row in
        let error = backs[row, index] - value * Double(found.right[row, index])
        return sum + error * error
      }
      #expect(forward.squareRoot() <= 1e-5 * first)
      #expect(backward.squareRoot() <= 0.012 * first)
    }
  }

  @Test("LAPACK's own triplets are the planted ones", .timeLimit(.minutes(2)))
  func references() throws {
    let reference = try Self.reference.get()
    #expect(reference.lapack.method == .fullDecomposition)
    #expect(reference.lapack.angleBound == 0)
    // Both are exact but for the rounding of W and of the vectors to single precision.
    let gap = reference.planted.spectrum[14] - reference.planted.spectrum[15]
    let allowed = 1e-6 + squaredNorm(of: reference.planted.matrix).squareRoot() * 0x1p-24 / gap
    for (found, planted) in [
      (reference.lapack.left, reference.planted.left),
      (reference.lapack.right, reference.planted.right),
    ] {
      let sine = try largestSine(found.doubled().leadingColumns(15), planted.leadingColumns(15))
      #expect(sine <= allowed)
    }
  }
}
