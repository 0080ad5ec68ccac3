import Checkpoints
import Experts
import LinearAlgebra
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks where the common bases come from.
@Suite struct UnitBasesTests {
  static let rank = 4

  /// A sum of a matrix that all experts share, of a planted rank, and of something of each one's
  /// own, whose norm is small beside the planted values.
  struct Planted {
    let left: Matrix<Double>
    let right: Matrix<Double>
    let experts: [Matrix<Double>]

    init(rows: Int, columns: Int, noise: Double, isApart: Bool = false) throws {
      let left = try orthonormalColumns(of: .normal(rows, rank, seed: 1))
      let right = try orthonormalColumns(of: .normal(columns, rank, seed: 2))
      var scaled = left
      for row in 0..<rows {
        for place in 0..<rank { scaled[row, place] *= 6 - Double(place) }
      }
      let common = product(scaled, right, rightTransposed: true)
      let apart = ReferenceSplit([common], left: left, right: right)
      experts = (0..<3).map { expert in
        let own = Matrix<Double>.normal(rows, columns, seed: 10 + UInt64(expert))
        let rest = isApart ? apart.apart(own) : own
        // Experts of different sizes, so that what each one counts matters.
        return (common + rest.scaled(noise / rest.norm)).scaled(1 + 0.5 * Double(expert))
      }
      self.left = left
      self.right = right
    }
  }

  private func stored(
    _ planted: Planted, _ bases: SDMoEForm.Bases, weights: ConversionOptions.Weights
  ) async throws -> StoredSplit {
    let shape = (rows: planted.experts[0].rowCount, columns: planted.experts[0].columnCount)
    var toy = ToyCheckpoint.normal(
      experts: 3, hidden: shape.columns, width: shape.rows, type: .f32)
    toy.plant(planted.experts, as: .gate)
    let made = try await ToyConversion(
      of: toy,
      .basic(rank: Self.rank) {
        $0.bases = bases
        $0.weights = weights
        $0.mode = .strict
      })
    return try StoredSplit(.gate, experts: 3, in: storedTensors(in: made.output))
  }

  static let sizes = [(28, 36), (36, 28), (530, 40), (40, 530)]

  @Test(
    "A planted common subspace is found where nothing disturbs it", arguments: sizes,
    SDMoEForm.Bases.allCases)
  func planted(size: (Int, Int), bases: SDMoEForm.Bases) async throws {
    let planted = try Planted(rows: size.0, columns: size.1, noise: 1, isApart: true)
    let stored = try await stored(planted, bases, weights: .uniform)
    // Single precision, with a gap of 3 to 1; an iteration stops at an angle of 0.012.
    let left = size.0 > 512 && bases == .joint ? 0.012 : 1e-5
    let right = size.1 > 512 && bases == .joint ? 0.012 : 1e-5
    #expect(try #require(stored.left).distance(to: planted.left) <= left)
    #expect(try #require(stored.right).distance(to: planted.right) <= right)
  }

  @Test(
    "Bases are those of a dense computation in double precision", arguments: sizes,
    SDMoEForm.Bases.allCases)
  func dense(size: (Int, Int), bases: SDMoEForm.Bases) async throws {
    let planted = try Planted(rows: size.0, columns: size.1, noise: 8)
    let loads = [1.0, 5, 2]
    for (weights, shares) in [
      (ConversionOptions.Weights.uniform, [1.0 / 3, 1.0 / 3, 1.0 / 3]),
      (.usage(loads: [0: loads], source: "captures"), loads.map { $0 / 8 }),
    ] {
      let stored = try await stored(planted, bases, weights: weights)
      for isLeft in [true, false] {
        let reference =
          try bases == .joint
          ? ReferenceSplit.jointBasis(
            of: planted.experts, shares: shares, rank: Self.rank, isLeft: isLeft)
          : ReferenceSplit.meanBasis(
            of: planted.experts, shares: shares, rank: Self.rank, isLeft: isLeft)
        let basis = try #require(isLeft ? stored.left : stored.right)
        let isIterated = bases == .joint && (isLeft ? size.0 : size.1) > 512
        // Rounding the weights to F32 turns the subspace by 10^-7 over the relative gap, which is
        // above 1/100 here.
        #expect(basis.distance(to: reference) <= (isIterated ? 0.012 : 1e-5))
        // Uniform and weighted bases, and planted ones, are further apart than that.
        #expect(basis.distance(to: isLeft ? planted.left : planted.right) > 1e-3)
      }
    }
  }

  @Test("The certificate tells the gap that was planted", arguments: SDMoEForm.Bases.allCases)
  func gap(bases: SDMoEForm.Bases) async throws {
    let planted = try Planted(rows: 28, columns: 36, noise: 0.5, isApart: true)
    var toy = ToyCheckpoint.normal(experts: 3, hidden: 36, width: 28, type: .f32)
    toy.plant(planted.experts, as: .gate)
    let made = try await ToyConversion(of: toy, .basic(rank: Self.rank) { $0.bases = bases })
    let shares = [1.0 / 3, 1.0 / 3, 1.0 / 3]
    for isLeft in [true, false] {
      let values: [Double]
      switch bases {
      case .joint:
        let size = isLeft ? 28 : 36
        let sum = planted.experts.reduce(Matrix<Double>(rowCount: size, columnCount: size)) {
          $0
            + (isLeft
              ? product($1, $1, rightTransposed: true) : product($1, leftTransposed: true, $1))
        }
        values = try singularValues(of: sum).map { $0.squareRoot() }
      case .mean:
        let mean = zip(planted.experts, shares).reduce(planted.experts[0].scaled(0)) {
          $0 + $1.0.scaled($1.1)
        }
        values = try singularValues(of: mean)
      }
      let unit = try #require(try CertificateFile(folder: made.output).units().first)
      let side = try #require(unit[isLeft ? "left" : "right"] as? [String: Any])
      let gap = try #require(side["gap"] as? Double)
      let expected = values[Self.rank - 1] / values[Self.rank]
      #expect(abs(gap - expected) <= 1e-4 * expected)
    }
  }
}
