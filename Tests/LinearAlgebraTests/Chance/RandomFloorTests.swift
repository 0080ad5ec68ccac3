import LinearAlgebra
import Tensors
import TestSupport
import Testing

/// Checks the contract of `RandomFloor`.
@Suite struct RandomFloorTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  /// Floors computed elsewhere, by plain Monte Carlo on whole n x k bases.
  struct Golden: Decodable, Sendable {
    struct Measure: Decodable, Sendable {
      let mean: Double
      let meanStandardError: Double
      let sd: Double
      let sdStandardError: Double
      let p95: Double
      let p95StandardError: Double

      enum CodingKeys: String, CodingKey {
        case mean, sd, p95
        case meanStandardError = "mean_standard_error"
        case sdStandardError = "sd_standard_error"
        case p95StandardError = "p95_standard_error"
      }
    }

    struct Floor: Decodable, Sendable {
      let n: Int
      let k: Int
      let exactMeanOverlap: Double
      let meanCosine: Measure
      let overlap: Measure
      let maxCosine: Measure
      let minCosine: Measure
      let geodesic: Measure

      enum CodingKeys: String, CodingKey {
        case n, k, overlap, geodesic
        case exactMeanOverlap = "exact_mean_overlap"
        case meanCosine = "mean_cosine"
        case maxCosine = "max_cosine"
        case minCosine = "min_cosine"
      }
    }

    let floors: [Floor]
  }

  static let golden = Result { try Fixture.decode(Golden.self, from: "linear-algebra/floors.json") }

  /// The number of pairs that the documentation states.
  static func draws(_ k: Int) -> Double { Double(max(400, min(20_000, 400_000 / (k * k)))) }

  // MARK: Golden

  @Test("agrees with a Monte Carlo made elsewhere", arguments: 0..<9)
  func againstGolden(index: Int) throws {
    let floors = try Self.golden.get().floors
    #expect(floors.count == 9)
    let golden = floors[index]
    let found = try RandomFloor(dimension: golden.n, rank: golden.k)
    #expect(abs(found.meanCosine.mean - golden.meanCosine.mean) <= 0.001)
    #expect(found.overlap.mean == golden.exactMeanOverlap)
    let pairs = [
      (found.meanCosine, golden.meanCosine), (found.maxCosine, golden.maxCosine),
      (found.minCosine, golden.minCosine), (found.geodesic, golden.geodesic),
      (found.overlap, golden.overlap),
    ]
    let draws = Self.draws(golden.k)
    for (found, golden) in pairs {
      // One standard error of ours; the golden's own is stated. Rounding where every pair has the
      // same value.
      let error = golden.sd / draws.squareRoot()
      #expect(
        abs(found.mean - golden.mean) <= 4 * (error + golden.meanStandardError) + 1e-7)
      // A standard deviation has an error of 1 / sqrt(2) of the mean's for a normal sample, and up
      // to twice that for the skewed ones here.
      #expect(
        abs(found.standardDeviation - golden.sd)
          <= 4 * (1.5 * error + golden.sdStandardError) + 1e-7)
      // The 95th percentile has 2.1 times the mean's error for a normal sample: sqrt(0.05 * 0.95)
      // over the density.
      #expect(
        abs(found.percentile95 - golden.p95) <= 4 * (2.5 * error + golden.p95StandardError) + 1e-7)
    }
  }

  @Test(
    "agrees with the values of Method.md within 0.001",
    arguments: [
      (112, 2, 0.1085), (128, 2, 0.1016), (256, 2, 0.0717), (512, 6, 0.0900), (1408, 15, 0.0869),
      (2048, 15, 0.0720), (7168, 21, 0.0456),
    ])
  func againstMethod(n: Int, k: Int, value: Double) throws {
    #expect(abs(try RandomFloor(dimension: n, rank: k).meanCosine.mean - value) <= 0.001)
  }

  // MARK: Exact answers

  @Test(
    "the mean overlap is k / n exactly", arguments: [(10, 7), (64, 1), (1408, 15), (9, 9), (3, 2)])
  func overlap(n: Int, k: Int) throws {
    #expect(try RandomFloor(dimension: n, rank: k).overlap.mean == Double(k) / Double(n))
  }

  @Test("a line in the plane has the angles of a circle")
  func circle() throws {
    // The angle is even on 0...pi/2: mean cosine 2 / pi, variance 1/2 - 4 / pi^2, geodesic pi / 4
    // on average.
    let found = try RandomFloor(dimension: 2, rank: 1)
    let variance = 0.5 - 4 / (Double.pi * Double.pi)
    let draws = Self.draws(1)
    #expect(abs(found.meanCosine.mean - 2 / .pi) <= 4 * (variance / draws).squareRoot())
    #expect(abs(found.meanCosine.standardDeviation - variance.squareRoot()) <= 0.01)
    #expect(
      abs(found.geodesic.mean - .pi / 4) <= 4 * .pi / (2 * 12.0.squareRoot()) / draws.squareRoot())
  }

  @Test("the whole space is equal to itself", arguments: [1, 4, 9])
  func wholeSpace(n: Int) throws {
    let found = try RandomFloor(dimension: n, rank: n)
    for measure in [found.meanCosine, found.overlap, found.maxCosine, found.minCosine] {
      #expect(abs(measure.mean - 1) <= 1e-12)
      #expect(measure.standardDeviation <= 1e-12)
      #expect(abs(measure.percentile95 - 1) <= 1e-12)
    }
    // The angle of a cosine of 1 - 1e-15 is 5e-8.
    #expect(found.geodesic.mean <= 1e-6)
  }

  @Test("where 2 k > n, spaces meet in 2 k - n directions at least", arguments: [(10, 7), (5, 3)])
  func largeSubspaces(n: Int, k: Int) throws {
    let found = try RandomFloor(dimension: n, rank: k)
    #expect(abs(found.maxCosine.mean - 1) <= 1e-12)
    #expect(found.meanCosine.mean >= Double(2 * k - n) / Double(k))
    #expect(found.minCosine.mean < 0.9)
  }

  @Test(
    "agrees with whole random bases where half the space is drawn as one factor",
    arguments: [4, 12])
  func halfTheSpace(k: Int) throws {
    let draws = 4000
    var generator = SeededGenerator(seed: 99)
    var direct: [SubspaceSimilarity] = []
    for _ in 0..<draws {
      let basis = try orthonormalColumns(of: Matrix<Double>.random(2 * k, k, using: &generator))
      let top = Matrix(rowCount: k, columnCount: k, elements: Array(basis.elements.prefix(k * k)))
      direct.append(SubspaceSimilarity(cosines: try singularValues(of: top)))
    }
    let found = try RandomFloor(dimension: 2 * k, rank: k)
    for (floor, sample) in [
      (found.meanCosine, direct.map(\.meanCosine)), (found.geodesic, direct.map(\.geodesic)),
    ] {
      let mean = sample.reduce(0, +) / Double(draws)
      let error = floor.standardDeviation * (1 / Double(draws) + 1 / Self.draws(k)).squareRoot()
      #expect(abs(floor.mean - mean) <= 4 * error)
    }
  }

  @Test("measures stand in their order", arguments: [(64, 1), (64, 5), (100, 50), (7, 4)])
  func order(n: Int, k: Int) throws {
    let found = try RandomFloor(dimension: n, rank: k)
    #expect(found.minCosine.mean <= found.meanCosine.mean)
    #expect(found.meanCosine.mean <= found.maxCosine.mean)
    #expect(found.meanCosine.percentile95 > found.meanCosine.mean)
    #expect(found.geodesic.mean <= Double(k).squareRoot() * .pi / 2)
  }

  // MARK: Accuracy and determinism

  @Test(
    "the mean cosine's standard error is below 6e-4 from n = 64 on",
    arguments: [
      (64, 1), (64, 2), (64, 8), (64, 32), (64, 48), (128, 20), (1408, 15),
    ])
  func standardError(n: Int, k: Int) throws {
    let found = try RandomFloor(dimension: n, rank: k)
    #expect(found.meanCosine.standardDeviation / Self.draws(k).squareRoot() <= 6e-4)
  }

  @Test("depends on n and k alone")
  func determinism() throws {
    #expect(try RandomFloor(dimension: 112, rank: 5) == RandomFloor(dimension: 112, rank: 5))
    #expect(try RandomFloor(dimension: 112, rank: 5) != RandomFloor(dimension: 113, rank: 5))
  }

  @Test("subspaces that do not exist trap", arguments: [(3, 4), (3, 0), (0, 0)])
  func traps(n: Int, k: Int) async {
    await #expect(processExitsWith: .failure) { [n = n as Int, k = k as Int] in
      _ = try RandomFloor(dimension: n, rank: k)
    }
  }
}
