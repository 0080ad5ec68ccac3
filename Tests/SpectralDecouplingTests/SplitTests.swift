import Checkpoints
import LinearAlgebra
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks the parts that a conversion stores against their definition (Method.md section 6),
/// computed with whole projectors in double precision.
@Suite struct SplitTests {
  static let experts = 4
  static let hidden = 40
  static let width = 32
  static let rank = 5

  /// Matrices of that rank, and of a thousandth of their norm something else.
  static func nearlyLowRank(_ rows: Int, _ columns: Int, seed: UInt64) -> [Matrix<Double>] {
    let left = Matrix<Double>.normal(rows, rank, seed: seed)
    let right = Matrix<Double>.normal(rank, columns, seed: seed + 1)
    return (0..<experts).map { expert in
      let core = Matrix<Double>.normal(rank, rank, seed: seed + 2 + UInt64(expert))
      let low = product(left, product(core, right))
      let rest = Matrix<Double>.normal(rows, columns, seed: seed + 20 + UInt64(expert))
      return low + rest.scaled(low.norm / rest.norm / 1000)
    }
  }

  static func toy(isNearlyLowRank: Bool, type: ElementType = .f32) -> ToyCheckpoint {
    var toy = ToyCheckpoint.normal(experts: experts, hidden: hidden, width: width, type: type)
    if isNearlyLowRank {
      toy.plant(nearlyLowRank(width, hidden, seed: 31), as: .gate)
      toy.plant(nearlyLowRank(width, hidden, seed: 61), as: .up)
      toy.plant(nearlyLowRank(hidden, width, seed: 91), as: .down)
    }
    return toy
  }

  private func experts(_ projection: Projection, of toy: ToyCheckpoint) -> [Matrix<Double>] {
    (0..<Self.experts).compactMap {
      toy.stored[ToyCheckpoint.name(projection, ofExpert: $0)]?.matrix
    }
  }

  // MARK: Parts

  static let loads = [3.0, 0, 1, 2]
  static let shares = loads.map { $0 / 6 }

  @Test(
    "Every part is what its definition says", arguments: SDMoEForm.Bases.allCases,
    SDMoEForm.Sides.allCases)
  func definition(bases: SDMoEForm.Bases, sides: SDMoEForm.Sides) async throws {
    let toy = Self.toy(isNearlyLowRank: false)
    let made = try await ToyConversion(
      of: toy,
      .basic(rank: Self.rank) {
        $0.bases = bases
        $0.sides = sides
        $0.weights = .usage(loads: [0: Self.loads], source: "captures")
      })
    let tensors = try storedTensors(in: made.output)
    for projection in Projection.allCases {
      let stored = try StoredSplit(projection, experts: Self.experts, in: tensors)
      #expect((stored.left != nil) == sides.projectLeft(of: projection))
      #expect((stored.right != nil) == sides.projectRight(of: projection))
      for basis in [stored.left, stored.right].compactMap({ $0 }) {
        // F32 columns: each product of two is off by up to two roundings and the sum's.
        #expect(basis.skewness <= 1e-6)
        #expect(basis.columnCount == Self.rank)
      }
      let matrices = experts(projection, of: toy)
      let reference = ReferenceSplit(
        matrices, shares: Self.shares, left: stored.left, right: stored.right)
      // Products in single precision of a few dozen terms, at the matrices' scale.
      let allowed = 1e-6 * matrices[0].norm
      #expect((stored.common - reference.common).norm <= allowed)
      for (expert, matrix) in matrices.enumerated() {
        #expect((stored.unique[expert] - reference.apart(matrix)).norm <= allowed)
        let remainder = reference.along(matrix) - reference.common
        #expect((stored.remainders[expert] - remainder).norm <= allowed)
        let sum = stored.common + stored.unique[expert] + stored.remainders[expert]
        #expect((sum - matrix).norm <= allowed)
      }
    }
  }

  @Test("A cut common part is the best of its rank", arguments: SDMoEForm.Bases.allCases)
  func cut(bases: SDMoEForm.Bases) async throws {
    let toy = Self.toy(isNearlyLowRank: false)
    let options = ConversionOptions.basic(rank: Self.rank) {
      $0.bases = bases
      $0.cutsCommonRank = true
    }
    let made = try await ToyConversion(of: toy, options)
    let tensors = try storedTensors(in: made.output)
    for projection in Projection.allCases {
      let stored = try StoredSplit(projection, experts: Self.experts, in: tensors)
      let matrices = experts(projection, of: toy)
      let reference = ReferenceSplit(matrices, left: stored.left, right: stored.right)
      let full = try SingularValueDecomposition(of: reference.common)
      let tail = full.singularValues.dropFirst(Self.rank).reduce(0) { $0 + $1 * $1 }
      let allowed = 1e-6 * matrices[0].norm
      // Eckart and Young: no matrix of that rank is nearer than the tail.
      #expect(abs((stored.common - reference.common).norm - tail.squareRoot()) <= allowed)
      #expect(try singularValues(of: stored.common)[Self.rank] <= allowed)
      let name = FactoredNames(start: "model.layers.0.mlp.", projection: projection).commonLeft
      #expect(tensors[name]?.shape.last == Self.rank)
      let rest = reference.apart(stored.common)
      for (expert, matrix) in matrices.enumerated() {
        #expect((stored.unique[expert] - (reference.apart(matrix) - rest)).norm <= allowed)
        let sum = stored.common + stored.unique[expert] + stored.remainders[expert]
        #expect((sum - matrix).norm <= allowed)
      }
    }
  }

  @Test("No change of the common part along the bases brings it nearer to the experts")
  func leastSquares() async throws {
    let toy = Self.toy(isNearlyLowRank: false)
    let made = try await ToyConversion(
      of: toy,
      .basic(rank: Self.rank) {
        $0.weights = .usage(loads: [0: Self.loads], source: "captures")
      })
    let stored = try StoredSplit(
      .gate, experts: Self.experts, in: storedTensors(in: made.output))
    let matrices = experts(.gate, of: toy)
    let reference = ReferenceSplit(matrices, left: stored.left, right: stored.right)
    func error(_ common: Matrix<Double>) -> Double {
      zip(matrices, Self.shares).reduce(0) {
        $0 + $1.1 * (reference.along($1.0) - common).squaredNorm
      }
    }
    let least = error(stored.common)
    for seed in 1...8 as ClosedRange<UInt64> {
      let any = Matrix<Double>.normal(Self.width, Self.hidden, seed: seed)
      let direction = reference.along(any).scaled(1 / reference.along(any).norm)
      // The error is a square with its lowest point at W_c: a step t in any direction adds t^2.
      for step in [-1e-2, 1e-2] {
        let added = error(stored.common + direction.scaled(step)) - least
        #expect(abs(added - step * step) <= 1e-3 * step * step)
      }
    }
  }

  // MARK: Invariants

  @Test(
    "Nothing of a unique part is left along the bases", arguments: [false, true],
    SDMoEForm.Mode.allCases)
  func residuals(isNearlyLowRank: Bool, mode: SDMoEForm.Mode) async throws {
    let toy = Self.toy(isNearlyLowRank: isNearlyLowRank)
    let made = try await ToyConversion(of: toy, .basic(rank: Self.rank) { $0.mode = mode })
    let tensors = try storedTensors(in: made.output)
    let certificate = CertificateFile(folder: made.output)
    for projection in Projection.allCases {
      let stored = try StoredSplit(projection, experts: Self.experts, in: tensors)
      let left = try #require(stored.left)
      let right = try #require(stored.right)
      for (expert, unique) in stored.unique.enumerated() {
        let whole = experts(projection, of: toy)[expert].norm
        #expect((unique.norm < 2e-3 * whole) == isNearlyLowRank)
        // The bound that Method.md states for single precision.
        #expect(product(left, leftTransposed: true, unique).norm <= 1e-5 * unique.norm)
        #expect(product(unique, right).norm <= 1e-5 * unique.norm)
        let name = FactoredExpertNames(
          weight: ToyCheckpoint.name(projection, ofExpert: expert)
        ).unique
        #expect(try certificate.number("left_residual", of: name) <= 1e-5)
        #expect(try certificate.number("right_residual", of: name) <= 1e-5)
      }
    }
    try await made.expectSound()
  }

  @Test("Strict mode says what it drops", arguments: SDMoEForm.Sides.allCases, [false, true])
  func dropped(sides: SDMoEForm.Sides, isCut: Bool) async throws {
    let toy = Self.toy(isNearlyLowRank: false)
    let made = try await ToyConversion(
      of: toy,
      .basic(rank: Self.rank) {
        $0.mode = .strict
        $0.sides = sides
        $0.cutsCommonRank = isCut
        $0.weights = .usage(loads: [0: Self.loads], source: "captures")
      })
    let tensors = try storedTensors(in: made.output)
    #expect(!tensors.keys.contains { $0.contains("remainder") || $0.contains("correction") })
    let certificate = CertificateFile(folder: made.output)
    for (place, projection) in Projection.allCases.enumerated() {
      let stored = try StoredSplit(projection, experts: Self.experts, in: tensors)
      let matrices = experts(projection, of: toy)
      let reference = ReferenceSplit(
        matrices, shares: Self.shares, left: stored.left, right: stored.right)
      let rest = reference.apart(stored.common)
      var dropped = 0.0
      for (expert, matrix) in matrices.enumerated() {
        let remainder = reference.along(matrix) - stored.common + rest
        dropped += remainder.squaredNorm
        let name = FactoredExpertNames(
          weight: ToyCheckpoint.name(projection, ofExpert: expert)
        ).unique
        // Norms of products in single precision: a few parts in 10^7.
        for (column, value) in [
          ("norm", matrix.norm),
          ("remainder_energy", remainder.squaredNorm / matrix.squaredNorm),
          ("dropped", remainder.norm / matrix.norm),
          ("reconstruction_error", remainder.norm / matrix.norm),
          ("common_energy", stored.common.squaredNorm / matrix.squaredNorm),
          ("unique_energy", stored.unique[expert].squaredNorm / matrix.squaredNorm),
        ] {
          let told = try certificate.number(column, of: name)
          #expect(abs(told - value) <= 1e-5 * value, "\(name) \(column)")
        }
      }
      let total = matrices.reduce(0) { $0 + $1.squaredNorm }
      let unit = try certificate.units()[place]
      let energy = try #require(unit["remainderEnergy"] as? Double)
      #expect(abs(energy - dropped / total) <= 1e-5 * energy)
      #expect(abs(made.summary.units[place].remainderEnergy - energy) <= 1e-15)
      let norm = try #require(unit["commonNorm"] as? Double)
      #expect(abs(norm - stored.common.norm) <= 1e-5 * norm)
    }
    try await made.expectSound()
  }

  @Test(
    "A strict output, merged at once or later, is the sum of the stored parts",
    arguments: [ElementType.f32, .bf16], [false, true])
  func strictSum(type: ElementType, isNearlyLowRank: Bool) async throws {
    let toy = Self.toy(isNearlyLowRank: isNearlyLowRank, type: type)
    var options = ConversionOptions.basic(rank: Self.rank) { $0.mode = .strict }
    options.detail = .full
    let factored = try await ToyConversion(of: toy, options)
    options.form = .merged
    let merged = try await ToyConversion(of: toy, options)
    let tensors = try storedTensors(in: merged.output)
    let later = try await factored.merged()
    expectSameTensors(try storedTensors(in: later), tensors)
    let parts = try storedTensors(in: factored.output)
    for projection in Projection.allCases {
      let stored = try StoredSplit(projection, experts: Self.experts, in: parts)
      for (expert, unique) in stored.unique.enumerated() {
        let sum = unique + stored.common
        let matrix = try #require(
          tensors[ToyCheckpoint.name(projection, ofExpert: expert)]?.matrix)
        // Half a unit in the last place of the type, and single precision's sum of 2 k_c terms.
        let rounding = type == .bf16 ? 0x1p-8 : 0x1p-24
        let noise = 1e-6 * stored.common.largest
        for (value, expected) in zip(matrix.elements, sum.elements)
        where abs(value - expected) > 1.01 * rounding * abs(expected) + noise {
          Issue.record("\(projection) \(expert): \(value) rather than \(expected)")
        }
      }
    }
    try await factored.expectSound()
    try await merged.expectSound()
    #expect(
      try await verify(later, against: Checkpoint(path: factored.output), width: 2).failures == [])
  }

  // MARK: Types

  /// The distance of neighbouring BF16 numbers of that size.
  private func ulp(_ value: Double) -> Double { Double(Float(value).binade) * 0x1p-7 }

  @Test(
    "Parts stored in BF16 give every weight to one unit in the last place of its largest part",
    arguments: [ElementType.bf16, .f32], [false, true])
  func bf16(type: ElementType, isNearlyLowRank: Bool) async throws {
    let toy = Self.toy(isNearlyLowRank: isNearlyLowRank, type: type)
    let made = try await ToyConversion(
      of: toy, .basic(rank: Self.rank) { $0.storedType = .bf16 })
    let tensors = try storedTensors(in: made.output)
    var largestError = 0.0
    for projection in Projection.allCases {
      let stored = try StoredSplit(projection, experts: Self.experts, in: tensors)
      for (expert, matrix) in experts(projection, of: toy).enumerated() {
        let along = stored.common + stored.remainders[expert]
        let whole = along + stored.unique[expert]
        for place in matrix.elements.indices {
          let values = [along, stored.unique[expert], matrix].map { abs($0.elements[place]) }
          let error = abs(whole.elements[place] - matrix.elements[place])
          largestError = max(largestError, error)
          if error > ulp(values.max() ?? 0) {
            Issue.record("\(projection) \(expert) \(place): off by \(error)")
          }
        }
        let name = FactoredExpertNames(
          weight: ToyCheckpoint.name(projection, ofExpert: expert)
        ).unique
        #expect(tensors[name]?.type == .bf16)
        let told = try CertificateFile(folder: made.output)
          .number("reconstruction_error", of: name)
        let error = (whole - matrix).norm / matrix.norm
        #expect(abs(told - error) <= 1e-6)
      }
    }
    // It is rounded at all.
    #expect(largestError > 0)
    #expect(!tensors.keys.contains { $0.contains("correction") })
    try await made.expectSound()
  }

  @Test(
    "An output merged from parts in BF16 can be verified too",
    arguments: [ElementType.bf16, .f32], SDMoEForm.Mode.allCases)
  func mergedFromBF16(type: ElementType, mode: SDMoEForm.Mode) async throws {
    let made = try await ToyConversion(
      of: Self.toy(isNearlyLowRank: false, type: type),
      .basic(rank: Self.rank) {
        $0.storedType = .bf16
        $0.mode = mode
      })
    for stored in [ConversionOptions.StoredType.keep, .f32, .bf16] {
      let merged = try await made.merged(as: stored)
      let report = try await verify(
        merged, against: Checkpoint(path: made.output), width: 2)
      #expect(report.failures == [], "\(stored)")
    }
  }

  @Test("The type of the original is kept where that is asked for")
  func keptType() async throws {
    let made = try await ToyConversion(
      of: Self.toy(isNearlyLowRank: false, type: .f16),
      .basic(rank: Self.rank) { $0.storedType = .keep })
    let name = FactoredExpertNames(weight: ToyCheckpoint.name(.up, ofExpert: 2)).unique
    #expect(try storedTensors(in: made.output)[name]?.type == .f16)
    #expect(try Checkpoint(path: made.output).form?.dtype == .f16)
    try await made.expectSound()
    let merged = try storedTensors(in: try await made.merged())
    #expect(merged[ToyCheckpoint.name(.up, ofExpert: 2)]?.type == .f16)
  }
}
