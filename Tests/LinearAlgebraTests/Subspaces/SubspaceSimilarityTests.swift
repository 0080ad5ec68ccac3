import Foundation
import LinearAlgebra
import Tensors
import TestSupport
import Testing

/// Checks the contract of `SubspaceSimilarity`, and the definitions of Method.md section 2.
@Suite struct SubspaceSimilarityTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  static let angles = [0.1, 0.4, 0.7, 1.1, 1.5]

  /// Two bases of R^n whose principal angles are chosen, in a random position.
  static func pair(_ angles: [Double], dimension n: Int, seed: UInt64) throws -> (
    Matrix<Double>, Matrix<Double>
  ) {
    let k = angles.count
    let frame = try orthonormalColumns(of: Matrix<Double>.random(n, 2 * k, seed: seed))
    var a = Matrix<Double>(rowCount: n, columnCount: k)
    var b = Matrix<Double>(rowCount: n, columnCount: k)
    for row in 0..<n {
      for (column, angle) in angles.enumerated() {
        a[row, column] = frame[row, column]
        b[row, column] = cos(angle) * frame[row, column] + sin(angle) * frame[row, k + column]
      }
    }
    return (a, b)
  }

  /// A basis of the same space, turned by a random rotation of its vectors.
  static func turned(_ basis: Matrix<Double>, seed: UInt64) throws -> Matrix<Double> {
    let k = basis.columnCount
    return product(basis, try orthonormalColumns(of: Matrix<Double>.random(k, k, seed: seed)))
  }

  static func measures(_ similarity: SubspaceSimilarity) -> [Double] {
    [
      similarity.meanCosine, similarity.overlap, similarity.maxCosine, similarity.minCosine,
      similarity.geodesic,
    ]
  }

  // MARK: Definitions

  @Test("measures are those of Method.md, in any order of the cosines")
  func definitions() {
    // acos 0.5 = pi / 3, acos 1 = 0, acos 0 = pi / 2.
    let expected = [0.5, 1.25 / 3, 1, 0, Double.pi * (1.0 / 9 + 1.0 / 4).squareRoot()]
    for cosines in [[1, 0.5, 0], [0, 0.5, 1], [0.5, 1, 0]] {
      expectClose(Self.measures(SubspaceSimilarity(cosines: cosines)), expected, within: 1e-15)
    }
    let one = SubspaceSimilarity(cosines: [0.6])
    expectClose(Self.measures(one), [0.6, 0.36, 0.6, 0.6, acos(0.6)], within: 1e-15)
  }

  @Test("rounding beyond [0, 1] is clamped")
  func clamping() {
    let clamped = SubspaceSimilarity(cosines: [1 + 1e-7, -1e-9, 0.5])
    #expect(clamped == SubspaceSimilarity(cosines: [1, 0, 0.5]))
    #expect(Self.measures(clamped).allSatisfy { $0.isFinite })
    #expect(clamped.maxCosine == 1 && clamped.minCosine == 0)
  }

  // MARK: Known answers

  @Test("finds angles that were built in", arguments: [10, 40, 2048], [1, 2, 3] as [UInt64])
  func plantedAngles(n: Int, seed: UInt64) throws {
    let (a, b) = try Self.pair(Self.angles, dimension: n, seed: seed)
    let found = try SubspaceSimilarity.between(
      a.rounded(), try Self.turned(b, seed: seed + 100).rounded())
    let expected = SubspaceSimilarity(cosines: Self.angles.map { cos($0) })
    // Cosines within 1e-6, so their means too; an angle moves by the error over its sine, 0.1 at
    // least.
    expectClose(
      Self.measures(found).dropLast(), Self.measures(expected).dropLast(), within: 1e-6)
    #expect(abs(found.geodesic - expected.geodesic) <= 1e-5 * 5)
  }

  @Test(
    "equal spaces have similarity 1, orthogonal ones 0", arguments: [1, 2, 15], [1, 2] as [UInt64])
  func extremes(k: Int, seed: UInt64) throws {
    let equal = try Self.pair([Double](repeating: 0, count: k), dimension: 300, seed: seed)
    let same = try SubspaceSimilarity.between(
      equal.0.rounded(), try Self.turned(equal.1, seed: seed).rounded())
    expectClose(Self.measures(same).dropLast(), [1, 1, 1, 1], within: 1e-6)
    // acos(1 - 1e-6 / k ...) of each of k directions; the documentation allows 1e-3 in all.
    #expect(same.geodesic <= 4e-3)
    let far = try Self.pair([Double](repeating: .pi / 2, count: k), dimension: 300, seed: seed)
    let none = try SubspaceSimilarity.between(far.0.rounded(), far.1.rounded())
    let quarter = Double(k).squareRoot() * .pi / 2
    expectClose(Self.measures(none), [0, 0, 0, 0, quarter], within: 1e-6 * Double(k))
  }

  // MARK: Invariance

  @Test(
    "does not depend on signs, order or rotation, or on which comes first",
    arguments: [1, 2, 3] as [UInt64])
  func invariance(seed: UInt64) throws {
    let (a, b) = try Self.pair(Self.angles, dimension: 60, seed: seed)
    let plain = Self.measures(try .between(a.rounded(), b.rounded()))
    var mixed = b
    for row in 0..<60 {
      for column in 0..<5 { mixed[row, column] = (column % 2 == 0 ? -1 : 1) * b[row, 4 - column] }
    }
    for other in [mixed, try Self.turned(b, seed: seed)] {
      expectClose(
        Self.measures(try .between(a.rounded(), other.rounded())), plain, within: 5e-5)
    }
    expectClose(Self.measures(try .between(b.rounded(), a.rounded())), plain, within: 5e-5)
  }

  // MARK: Traps

  @Test("no cosine, NaN, and unequal shapes trap")
  func traps() async {
    await #expect(processExitsWith: .failure) { _ = SubspaceSimilarity(cosines: []) }
    await #expect(processExitsWith: .failure) { _ = SubspaceSimilarity(cosines: [0.5, .nan]) }
    await #expect(processExitsWith: .failure) {
      _ = try SubspaceSimilarity.between(
        Matrix<Float>(rowCount: 4, columnCount: 2), Matrix<Float>(rowCount: 4, columnCount: 3))
    }
  }
}
