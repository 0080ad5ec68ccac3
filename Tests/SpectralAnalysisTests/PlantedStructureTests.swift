import Checkpoints
import Experts
import Findings
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks analyses of checkpoints whose answer is built in.
@Suite struct PlantedStructureTests {
  // MARK: Similarity

  @Test("Experts that share their leading hidden directions have similarity 1", arguments: [1, 2])
  func sharedSubspace(seed: UInt64) async throws {
    // r = 32 and a fraction of 0.1: k = 4.
    let (hidden, width, k) = (40, 32, 4)
    let common = Matrix<Double>.gaussian(hidden, k, seed: 100 + seed)
    var toy = ToyCheckpoint.gaussian(experts: 4, hidden: hidden, width: width, seed: seed)
    let spectrum = [10, 9, 8, 7] + (4..<32).map { 2 - 0.05 * Double($0) }
    for projection in Projection.allCases {
      for expert in 0..<4 {
        let own = seed * 1000 + UInt64(expert) * 10 + UInt64(projection.rawValue.utf8.count)
        // Each expert mixes the common directions in its own way, and has its own neurons.
        let mixed = product(common, Matrix<Double>.gaussian(k, k, seed: own))
        let stream = try Matrix.orthonormal(hidden, width, leading: mixed, seed: own + 1)
        let neurons = try Matrix<Double>.orthonormal(width, width, seed: own + 2)
        toy.plant(
          projection == .down
            ? .with(spectrum: spectrum, left: stream, right: neurons)
            : .with(spectrum: spectrum, left: neurons, right: stream),
          as: ToyCheckpoint.name(projection, ofExpert: expert))
      }
    }
    let run = try await ToyRun(of: toy, options: AnalysisOptions(fraction: 0.1))
    let table = try run.table(.similarity)
    #expect(table.rowCount == 3 * 2 * 6)
    #expect(table.integers("k").allSatisfy { $0 == k })
    for (row, side) in table.texts("side").enumerated() {
      let mean = table.numbers("mean_cosine")[row]
      if side == "hidden" {
        // Bases are rounded to single precision: 6e-8 in each of 40 elements.
        #expect(abs(mean - 1) <= 1e-5)
        #expect(abs(table.numbers("overlap")[row] - 1) <= 2e-5)
        #expect(abs(table.numbers("min_cosine")[row] - 1) <= 1e-5)
        // acos turns an error of 1e-6 into an angle of 1.4e-3, in each of k = 4 directions.
        #expect(table.numbers("geodesic")[row] <= 3e-3)
      } else {
        #expect(mean < 0.8)
      }
    }
    let summary = try run.table(.summary)
    #expect(summary.rowCount == 6)
    for (row, side) in summary.texts("side").enumerated() where side == "hidden" {
      #expect(abs(summary.numbers("mean")[row] - 1) <= 1e-5)
      #expect(abs(summary.numbers("excess")[row] - 1) <= 2e-5)
    }
  }

  @Test("Independent Gaussian experts stand at the floor", arguments: [3, 4])
  func independentExperts(seed: UInt64) async throws {
    // r = 48 and a fraction of 0.1: k = 5. 12 experts: 66 pairs.
    let toy = ToyCheckpoint.gaussian(experts: 12, hidden: 64, width: 48, seed: seed)
    let run = try await ToyRun(
      of: toy, options: AnalysisOptions(analyses: [.similarity], fraction: 0.1))
    let floors = try run.table(.floors)
    let summary = try run.table(.summary)
    #expect(summary.rowCount == 6)
    for (row, side) in summary.texts("side").enumerated() {
      let n = side == "hidden" ? 64 : 48
      let place = try #require(
        (0..<floors.rowCount).first {
          floors.integers("n")[$0] == n && floors.integers("k")[$0] == 5
            && floors.texts("measure")[$0] == "mean_cosine"
        })
      #expect(summary.integers("pairs")[row] == 66)
      #expect(summary.numbers("floor")[row] == floors.numbers("mean")[place])
      // Pairs of independent subspaces are uncorrelated, also where they share an expert, because a
      // random subspace looks the same from each of the others.
      let error = floors.numbers("sd")[place] / 66.0.squareRoot()
      let mean = summary.numbers("mean")[row]
      #expect(abs(mean - floors.numbers("mean")[place]) <= 4 * error)
      let floor = floors.numbers("mean")[place]
      #expect(abs(summary.numbers("excess")[row] - (mean - floor) / (1 - floor)) <= 1e-12)
    }
  }

  @Test("A shared expert has its own k in its own rows, and the routed k in the similarity")
  func widerSharedExpert() async throws {
    // Routed: r = 32, k = ceil(3.2) = 4. Shared: r = 60, k = 6, and 16 values are told of each.
    let (hidden, width, sharedWidth) = (60, 32, 96)
    let common = Matrix<Double>.gaussian(hidden, 4, seed: 8)
    var toy = ToyCheckpoint.gaussian(
      experts: 3, hidden: hidden, width: width, sharedWidth: sharedWidth, seed: 9)
    let routedSpectrum = [9, 8, 7, 6] + (4..<32).map { 1 / Double($0) }
    let sharedSpectrum = [20, 19, 18, 17, 10, 9] + (6..<60).map { 8 / Double($0) }
    for expert in [0, 1, 2, nil] {
      let rank = expert == nil ? 60 : 32
      let seed = UInt64(40 + 2 * (expert ?? 5))
      toy.plant(
        .with(
          spectrum: expert == nil ? sharedSpectrum : routedSpectrum,
          left: try .orthonormal(expert == nil ? sharedWidth : width, rank, seed: seed),
          right: try .orthonormal(hidden, rank, leading: common, seed: seed + 1)),
        as: ToyCheckpoint.name(.gate, ofExpert: expert))
    }
    let run = try await ToyRun(
      of: toy, options: AnalysisOptions(projections: [.gate], fraction: 0.1))

    let energy = try run.table(.energy)
    #expect(energy.texts("expert") == ["0", "1", "2", "shared"])
    #expect(energy.integers("k") == [4, 4, 4, 6])
    for (row, spectrum) in [routedSpectrum, routedSpectrum, routedSpectrum, sharedSpectrum]
      .enumerated()
    {
      let k = row == 3 ? 6 : 4
      let squares = spectrum.map { $0 * $0 }
      let norm = squares.reduce(0, +)
      expectRelative(energy.numbers("energy_top")[row], squares.prefix(k).reduce(0, +) / norm)
      expectRelative(energy.numbers("stable_rank")[row], norm / squares[0])
      expectRelative(energy.numbers("gap")[row], spectrum[k - 1] / spectrum[k])
    }
    let spectrum = try run.table(.spectrum)
    #expect(
      spectrum.texts("expert")
        == ["0", "1", "2", "shared"].flatMap {
          [String](repeating: $0, count: 16)
        })
    for (row, value) in spectrum.numbers("sigma").enumerated() {
      expectRelative(value, (row < 48 ? routedSpectrum : sharedSpectrum)[row % 16])
    }

    let similarity = try run.table(.similarity)
    #expect(similarity.integers("k").allSatisfy { $0 == 4 })
    let pairs = (0..<similarity.rowCount).map {
      "\(similarity.texts("side")[$0]) \(similarity.texts("expert_a")[$0]) \(similarity.texts("expert_b")[$0])"
    }
    #expect(
      pairs == [
        "hidden 0 1", "hidden 0 2", "hidden 0 shared", "hidden 1 2", "hidden 1 shared",
        "hidden 2 shared", "neuron 0 1", "neuron 0 2", "neuron 1 2",
      ])
    // The shared expert's own four leading directions are the common ones.
    #expect(similarity.numbers("mean_cosine").prefix(6).allSatisfy { abs($0 - 1) <= 1e-5 })
    // A summary is over routed experts only, and the router knows no shared one.
    #expect(try run.table(.summary).integers("pairs") == [3, 3])
    #expect(try !run.table(.routerScore).integers("expert").contains(3))
    #expect(try Set(run.table(.routerAlignment).texts("expert")) == ["0", "1", "2"])
  }

  @Test("A shared expert of a rank below the routed k is left out of the similarity alone")
  func narrowSharedExpert() async throws {
    // Routed: r = 32, k = 16. Shared: r = 8.
    let toy = ToyCheckpoint.gaussian(
      experts: 2, hidden: 40, width: 32, sharedWidth: 8, seed: 10)
    let run = try await ToyRun(
      of: toy, options: AnalysisOptions(projections: [.up], fraction: 0.5))
    #expect(try run.table(.energy).integers("k") == [16, 16, 4])
    #expect(try run.table(.similarity).texts("expert_b") == ["1", "1"])
    #expect(try run.table(.spectrum).rowCount == 16 + 16 + 8)
  }

  // MARK: Energy

  @Test("Energy, stable rank, gap and flag of planted spectra")
  func energy() async throws {
    // r = 20 and a fraction of 0.15: k = 3.
    let spectra: [[Double]] = [
      (0..<20).map { 5 * pow(0.8, $0) },
      [Double](repeating: 2, count: 20),
      [4, 3, 2.001] + [Double](repeating: 2, count: 17),
      [4, 3, 2.01] + [Double](repeating: 2, count: 17),
      [3, 2, 1] + [Double](repeating: 1e-30, count: 17),
    ]
    var toy = ToyCheckpoint.gaussian(experts: 5, hidden: 24, width: 20, seed: 11)
    for (expert, spectrum) in spectra.enumerated() {
      toy.plant(
        .with(
          spectrum: spectrum, left: try .orthonormal(20, 20, seed: UInt64(expert) + 60),
          right: try .orthonormal(24, 20, seed: UInt64(expert) + 70)),
        as: ToyCheckpoint.name(.up, ofExpert: expert))
    }
    let run = try await ToyRun(
      of: toy,
      options: AnalysisOptions(analyses: [.energy], projections: [.up], fraction: 0.15))
    let table = try run.table(.energy)
    #expect(table.rowCount == 5)
    for (row, spectrum) in spectra.enumerated() {
      let squares = spectrum.map { $0 * $0 }
      let norm = squares.reduce(0, +)
      expectRelative(
        table.numbers("energy_top")[row], (squares[0] + squares[1] + squares[2]) / norm)
      expectRelative(table.numbers("stable_rank")[row], norm / squares[0])
      // Without all singular values there is no effective rank.
      #expect(table.numbers("effective_rank")[row].isNaN)
    }
    expectRelative(table.numbers("gap")[0], 1.25)
    expectRelative(table.numbers("gap")[3], 1.005)
    #expect(table.numbers("gap")[4] > 1e5)
    // 2.001 / 2 = 1.0005 is under 1.001, 1.005 is not.
    #expect(
      table.texts("flag") == ["", "ill-separated", "ill-separated", "", ""])
  }

  @Test("The whole spectrum as the top: energy 1, no gap, similarity 1 on the side that is full")
  func wholeSpectrum() async throws {
    let toy = ToyCheckpoint.gaussian(experts: 3, hidden: 24, width: 20, seed: 12)
    let run = try await ToyRun(
      of: toy, options: AnalysisOptions(projections: [.gate], fraction: 1))
    let energy = try run.table(.energy)
    #expect(energy.integers("k") == [20, 20, 20])
    #expect(energy.numbers("energy_top").allSatisfy { abs($0 - 1) <= 1e-6 })
    #expect(energy.numbers("gap") == [.infinity, .infinity, .infinity])
    #expect(energy.texts("flag") == ["", "", ""])
    #expect(try run.table(.spectrum).rowCount == 60)
    let similarity = try run.table(.similarity)
    for (row, side) in similarity.texts("side").enumerated() where side == "neuron" {
      // 20 directions of R^20 are all of it.
      #expect(abs(similarity.numbers("mean_cosine")[row] - 1) <= 1e-5)
    }
    let summary = try run.table(.summary)
    #expect(summary.texts("side") == ["hidden", "neuron"])
    #expect(abs(summary.numbers("floor")[1] - 1) <= 1e-6)
    #expect(summary.numbers("excess").allSatisfy { $0.isFinite })
  }

  // MARK: Router

  @Test("A router row in its expert's leading directions has score 1, a random one k / d")
  func router() async throws {
    // r = 32 and a fraction of 0.1: k = 4.
    let (experts, hidden, width, k) = (16, 48, 32, 4)
    var toy = ToyCheckpoint.gaussian(experts: experts, hidden: hidden, width: width, seed: 13)
    var rows = Matrix<Double>.gaussian(experts, hidden, seed: 14)
    let spectrum = [9, 8, 7, 6] + [Double](repeating: 1, count: 28)
    for expert in 0..<experts {
      let right = try Matrix<Double>.orthonormal(hidden, width, seed: UInt64(200 + expert))
      toy.plant(
        .with(
          spectrum: spectrum,
          left: try .orthonormal(width, width, seed: UInt64(300 + expert)), right: right),
        as: ToyCheckpoint.name(.gate, ofExpert: expert))
      // The first eight experts are led by 0.6 of direction 1 and -0.8 of direction 3, at any
      // length.
      guard expert < 8 else { continue }
      for column in 0..<hidden {
        rows[expert, column] = 0.01 * (3 * right[column, 0] - 4 * right[column, 2])
      }
    }
    toy.plant(rows, as: ToyCheckpoint.routerName())
    let run = try await ToyRun(
      of: toy,
      options: AnalysisOptions(analyses: [.router], projections: [.gate, .down], fraction: 0.1))

    let alignment = try run.table(.routerAlignment)
    #expect(alignment.rowCount == experts * 16)
    #expect(Set(alignment.texts("projection")) == ["gate_proj"])
    let cosines = alignment.numbers("abs_cosine")
    for row in 0..<8 * 16 {
      let expected: Double? =
        switch row % 16 {
        case 0: 0.6
        case 2: 0.8
        case 1, 3: 0
        // Behind the gap singular values are equal: which direction is which is not defined, but
        // all of them are orthogonal to the leading ones.
        default: 0
        }
      if let expected { #expect(abs(cosines[row] - expected) <= 1e-5) }
    }

    let score = try run.table(.routerScore)
    #expect(score.rowCount == experts * experts)
    #expect(score.integers("router_row") == (0..<256).map { $0 / 16 })
    #expect(score.integers("expert") == (0..<256).map { $0 % 16 })
    let floor = Double(k) / Double(hidden)
    #expect(score.numbers("floor_score").allSatisfy { $0 == floor })
    let values = score.numbers("score")
    for expert in 0..<8 { #expect(abs(values[expert * 17] - 1) <= 1e-5) }
    let mismatched = (0..<256).filter { $0 % 17 != 0 }.map { values[$0] }
    let mean = mismatched.reduce(0, +) / 240
    // A random unit row's score in a k-subspace has the beta distribution (k/2, (d-k)/2).
    let d = Double(hidden)
    let variance = 2 * Double(k) * (d - Double(k)) / (d * d * (d + 2))
    #expect(abs(mean - floor) <= 4 * (variance / 240).squareRoot())

    let summary = try run.table(.routerSummary)
    #expect(summary.rowCount == 1)
    let matched = (0..<experts).map { values[$0 * 17] }.reduce(0, +) / 16
    #expect(abs(summary.numbers("matched")[0] - matched) <= 1e-12)
    #expect(abs(summary.numbers("mismatched")[0] - mean) <= 1e-12)
    #expect(abs(summary.numbers("specificity")[0] - matched / mean) <= 1e-9)
    #expect(summary.numbers("floor")[0] == floor)
  }

  // MARK: Helpers

  /// Singular values of a matrix rounded to single precision: 6e-8 of the norm in each element.
  private func expectRelative(
    _ actual: Double, _ expected: Double, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      abs(actual - expected) <= 1e-5 * expected, "\(actual), not \(expected)",
      sourceLocation: sourceLocation)
  }

  private func pow(_ base: Double, _ exponent: Int) -> Double {
    (0..<exponent).reduce(1) { power, _ in power * base }
  }
}
