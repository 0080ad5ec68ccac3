import Checkpoints
import Experts
import Findings
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks the analysis of bands on experts whose bands are chosen.
@Suite struct BandProfileTests {
  // r = 32 and a fraction of 0.15: six bands of 5 and one of 2.
  static let (hidden, width, k) = (48, 32, 5)
  static let options = AnalysisOptions(analyses: [.bands], fraction: 0.15)
  static let ranges = [0..<5, 5..<10, 10..<15, 15..<20, 20..<25, 25..<30, 30..<32]

  /// Falls by a factor of its own for each expert.
  static func spectrum(ofExpert expert: Int) -> [Double] {
    var value = 10.0
    return (0..<32).map { _ in
      defer { value *= 0.9 - 0.01 * Double(expert) }
      return value
    }
  }

  /// Six experts that share the directions of bands 0, 2 and 6, and no others.
  static func sharing(seed: UInt64) throws -> ToyCheckpoint {
    var toy = ToyCheckpoint.gaussian(experts: 6, hidden: hidden, width: width, seed: seed)
    for (number, projection) in Projection.allCases.enumerated() {
      let start = seed * 1000 + UInt64(number) * 100
      let common = try Matrix<Double>.orthonormal(hidden, 12, seed: start)
      for expert in 0..<6 {
        let own = start + 1 + 10 * UInt64(expert)
        let basis = try Matrix<Double>.orthonormal(hidden, 32, leading: common, seed: own)
        // Each expert mixes the common directions of a band in its own way.
        let mixed = { (part: Range<Int>, seed: UInt64) in
          product(
            common.columns(part),
            try Matrix<Double>.orthonormal(part.count, part.count, seed: own + seed))
        }
        let stream = Matrix.joined([
          try mixed(0..<5, 1), basis.columns(12..<17), try mixed(5..<10, 2), basis.columns(17..<32),
          try mixed(10..<12, 3),
        ])
        try toy.plant(
          projection, ofExpert: expert, spectrum: spectrum(ofExpert: expert), stream: stream,
          width: width, seed: own + 4)
      }
    }
    return toy
  }

  @Test(
    "Bands shared by construction have similarity 1, the others stand at the floor",
    arguments: [1, 2])
  func sharedBands(seed: UInt64) async throws {
    let run = try await ToyRun(of: Self.sharing(seed: seed), options: Self.options)
    let bands = try run.table(.bands)
    #expect(bands.rowCount == 3 * 7)
    // The directions that are not shared live in the complement of the 12 that are.
    let floor = try RandomFloor(dimension: Self.hidden - 12, rank: 5).meanCosine
    for projection in Projection.allCases.map(\.rawValue) {
      let rows = bands.rows(["projection": projection])
      #expect(rows.map { bands.integers("band")[$0] } == Array(0..<7))
      #expect(rows.map { bands.integers("k")[$0] } == Self.ranges.map(\.count))
      for (band, row) in rows.enumerated() {
        let similarity = bands.numbers("mean_cosine")[row]
        if [0, 2, 6].contains(band) {
          // Weights are rounded to 24 bits: 3e-7 of noise over gaps of 0.01 and more.
          #expect(abs(similarity - 1) <= 1e-5, "band \(band)")
        } else {
          // 15 pairs, uncorrelated because a random subspace looks the same from each other one.
          #expect(
            abs(similarity - floor.mean) <= 4 * floor.standardDeviation / 15.0.squareRoot(),
            "band \(band): \(similarity)")
        }
        #expect(
          abs(bands.numbers("energy")[row] - Self.meanEnergy(of: Self.ranges[band])) <= 1e-6)
        let expected = try RandomFloor(dimension: Self.hidden, rank: Self.ranges[band].count)
        #expect(bands.numbers("floor_mean_cosine")[row] == expected.meanCosine.mean)
      }
    }
  }

  /// The mean over the six experts of the share of energy of some directions.
  static func meanEnergy(of range: Range<Int>) -> Double {
    let shares = (0..<6).map { expert in
      let squares = spectrum(ofExpert: expert).map { $0 * $0 }
      return squares[range].reduce(0, +) / squares.reduce(0, +)
    }
    return shares.reduce(0, +) / 6
  }

  @Test("The summary has the first band, and the plain mean over all the others")
  func summary() async throws {
    let run = try await ToyRun(of: Self.sharing(seed: 3), options: Self.options)
    let bands = try run.table(.bands)
    let summary = try run.table(.bandSummary)
    let pairs = try run.table(.tailSimilarity)
    #expect(summary.texts("projection") == Projection.allCases.map(\.rawValue))
    #expect(summary.integers("k") == [5, 5, 5])
    #expect(summary.integers("tail_bands") == [6, 6, 6])
    #expect(pairs.rowCount == 3 * 15)
    #expect(pairs.integers("tail_bands").allSatisfy { $0 == 6 })
    for (row, projection) in summary.texts("projection").enumerated() {
      let similarities = bands.numbers("mean_cosine", ["projection": projection])
      let tail = similarities.dropFirst().reduce(0, +) / 6
      #expect(summary.numbers("top_mean_cosine")[row] == similarities[0])
      #expect(abs(summary.numbers("tail_mean_cosine")[row] - tail) <= 1e-12)
      #expect(
        summary.numbers("top_energy")[row]
          == bands.numbers("energy", ["projection": projection])[0])
      let floors = bands.numbers("floor_mean_cosine", ["projection": projection])
      #expect(summary.numbers("floor_top")[row] == floors[0])
      let floor = floors.dropFirst().reduce(0, +) / 6
      #expect(abs(summary.numbers("floor_tail")[row] - floor) <= 1e-12)
      let ofPairs = pairs.numbers("mean_cosine", ["projection": projection])
      #expect(abs(ofPairs.reduce(0, +) / 15 - tail) <= 1e-12)
      #expect(
        pairs.numbers("floor_mean_cosine", ["projection": projection]).allSatisfy {
          abs($0 - floor) <= 1e-12
        })
    }
  }

  @Test("The tail of a pair is the pair's own")
  func pairs() async throws {
    var toy = ToyCheckpoint.gaussian(experts: 4, hidden: Self.hidden, width: Self.width, seed: 5)
    let common = try Matrix<Double>.orthonormal(Self.hidden, 32, seed: 6)
    // Experts 0 and 2 have the same directions among different neurons, but not in the first band.
    let turned = Matrix.joined([
      try Matrix<Double>.orthonormal(
        Self.hidden, 37, leading: common, seed: 7
      ).columns(32..<37), common.columns(5..<32),
    ])
    for (expert, stream) in [(0, common), (2, turned)] {
      try toy.plant(
        .up, ofExpert: expert, spectrum: Self.spectrum(ofExpert: 0), stream: stream,
        width: Self.width, seed: 8 + UInt64(expert))
    }
    var options = Self.options
    options.projections = [.up]
    let run = try await ToyRun(of: toy, options: options)
    let tail = try run.table(.tailSimilarity)
    let names = zip(tail.texts("expert_a"), tail.texts("expert_b")).map { "\($0) \($1)" }
    #expect(names == ["0 1", "0 2", "0 3", "1 2", "1 3", "2 3"])
    let five = try RandomFloor(dimension: Self.hidden, rank: 5).meanCosine
    let two = try RandomFloor(dimension: Self.hidden, rank: 2).meanCosine
    let floor = (5 * five.mean + two.mean) / 6
    // The mean of six bands, hardly correlated.
    let spread =
      (5 * five.standardDeviation * five.standardDeviation
      + two.standardDeviation * two.standardDeviation).squareRoot() / 6
    for (row, name) in names.enumerated() {
      let similarity = tail.numbers("mean_cosine")[row]
      if name == "0 2" {
        #expect(abs(similarity - 1) <= 1e-5)
      } else {
        #expect(abs(similarity - floor) <= 5 * spread, "\(name): \(similarity)")
      }
    }
    // The first band of 0 and 2 is orthogonal by construction.
    let first = try run.table(.bandSummary).numbers("top_mean_cosine")[0]
    #expect(abs(first - 5 * five.mean / 6) <= 4 * five.standardDeviation / 6 * 5.0.squareRoot())
  }

  @Test("Independent Gaussian experts stand at the floor in every band", arguments: [11, 12])
  func independent(seed: UInt64) async throws {
    let toy = ToyCheckpoint.gaussian(
      experts: 10, hidden: Self.hidden, width: Self.width, sharedWidth: 40, seed: seed)
    let run = try await ToyRun(of: toy, options: Self.options)
    let bands = try run.table(.bands)
    let floors = try [5, 2].map { try RandomFloor(dimension: Self.hidden, rank: $0).meanCosine }
    for row in 0..<bands.rowCount {
      let floor = bands.integers("k")[row] == 5 ? floors[0] : floors[1]
      // 45 pairs; 21 bands are looked at.
      #expect(
        abs(bands.numbers("mean_cosine")[row] - floor.mean)
          <= 4 * floor.standardDeviation / 45.0.squareRoot())
    }
    // All energy is in some band.
    for projection in Projection.allCases.map(\.rawValue) {
      let energy = bands.numbers("energy", ["projection": projection])
      #expect(abs(energy.reduce(0, +) - 1) <= 1e-6)
      #expect(energy == energy.sorted(by: >))
    }
  }

  @Test("One band of everything has no tail")
  func oneBand() async throws {
    let toy = ToyCheckpoint.gaussian(experts: 3, hidden: 24, width: 20, seed: 13)
    let run = try await ToyRun(
      of: toy, options: AnalysisOptions(analyses: [.bands], projections: [.gate], fraction: 1))
    #expect(try run.table(.bands).integers("k") == [20])
    #expect(try run.table(.tailSimilarity).rowCount == 0)
    let summary = try run.table(.bandSummary)
    #expect(summary.integers("tail_bands") == [0])
    #expect(summary.numbers("tail_mean_cosine")[0].isNaN)
    #expect(summary.numbers("floor_tail")[0].isNaN)
    #expect(abs(summary.numbers("top_energy")[0] - 1) <= 1e-6)
  }

  @Test("Where all directions are measured, energies tell the effective rank")
  func effectiveRank() async throws {
    var options = Self.options
    options.analyses = [.energy, .bands]
    let run = try await ToyRun(of: Self.sharing(seed: 4), options: options)
    #expect(try run.table(.energy).numbers("effective_rank").allSatisfy { $0 > 5 && $0 < 32 })
  }
}
