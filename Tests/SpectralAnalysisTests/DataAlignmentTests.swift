import Checkpoints
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks the alignment of sequences whose directions are chosen.
@Suite struct DataAlignmentTests {
  static let hidden = 40
  static let toy = ToyCheckpoint.gaussian(experts: 2, hidden: hidden, width: 20, seed: 91)
  static let options = AnalysisOptions(analyses: [.dataAlignment], fraction: 0.1)

  /// A sequence with given directions, whose values fall by a fifth from one to the next.
  static func sequence(
    tokens: Int, along directions: Matrix<Double>, seed: UInt64
  ) throws -> Matrix<Double> {
    let count = min(tokens, directions.columnCount)
    return .with(
      spectrum: (0..<count).map { 30 * pow(0.8, Double($0)) },
      left: try .orthonormal(tokens, count, seed: seed), right: directions.columns(0..<count))
  }

  @Test("Sequences with the same directions have similarity 1, with the smaller k of the two")
  func sameDirections() async throws {
    let directions = try Matrix<Double>.orthonormal(Self.hidden, 20, seed: 92)
    // k = ceil(T / 10), and 4 from 40 tokens on.
    let lengths = [30, 60, 12, 90]
    let counts = [3, 4, 2, 4]
    let capture = ToyCapture(
      sequences: try lengths.enumerated().map {
        try Self.sequence(tokens: $1, along: directions, seed: 93 + UInt64($0))
      })
    let run = try await ToyRun(of: Self.toy, options: Self.options, capture: capture)
    let table = try run.table(.dataAlignment)
    let pairs = zip(table.integers("sequence_a"), table.integers("sequence_b")).map { [$0, $1] }
    #expect(pairs == [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])
    for (row, pair) in pairs.enumerated() {
      let k = min(counts[pair[0]], counts[pair[1]])
      #expect(table.integers("k")[row] == k)
      // Bases are rounded to single precision.
      #expect(abs(table.numbers("mean_cosine")[row] - 1) <= 1e-5)
      #expect(abs(table.numbers("overlap")[row] - 1) <= 2e-5)
      #expect(abs(table.numbers("min_cosine")[row] - 1) <= 1e-5)
      #expect(table.numbers("geodesic")[row] <= 5e-3)
      let floor = try RandomFloor(dimension: Self.hidden, rank: k).meanCosine.mean
      #expect(table.numbers("floor_mean_cosine")[row] == floor)
    }
    // The floors of all k that occur.
    let floors = try run.table(.floors)
    #expect(Set(floors.integers("n")) == [Self.hidden])
    #expect(Set(floors.integers("k")) == [2, 3, 4])
  }

  @Test("Independent sequences stand at the floor", arguments: [1, 2])
  func independent(seed: UInt64) async throws {
    let capture = ToyCapture(
      sequences: (0..<12).map { .gaussian(30, Self.hidden, seed: 1000 * seed + $0) })
    let run = try await ToyRun(of: Self.toy, options: Self.options, capture: capture)
    let table = try run.table(.dataAlignment)
    #expect(table.rowCount == 66)
    let floor = try RandomFloor(dimension: Self.hidden, rank: 3).meanCosine
    let mean = table.numbers("mean_cosine").reduce(0, +) / 66
    // 66 pairs, uncorrelated because a random subspace looks the same from each other one.
    #expect(abs(mean - floor.mean) <= 4 * floor.standardDeviation / 66.0.squareRoot())
  }

  @Test("A sample takes the sequences floor(i S / n)")
  func sampling() async throws {
    let capture = ToyCapture(
      sequences: (0..<8).map { .gaussian(20, Self.hidden, seed: 200 + $0) })
    var options = Self.options
    let whole = try await ToyRun(of: Self.toy, options: options, capture: capture)
    options.sequences = .atMost(3)
    let run = try await ToyRun(of: Self.toy, options: options, capture: capture)
    let table = try run.table(.dataAlignment)
    #expect(table.integers("sequence_a") == [0, 0, 2])
    #expect(table.integers("sequence_b") == [2, 5, 5])
    let all = try whole.table(.dataAlignment)
    #expect(all.rowCount == 28)
    for (row, pair) in [(0, 2), (0, 5), (2, 5)].enumerated() {
      let same = all.numbers(
        "mean_cosine", ["sequence_a": String(pair.0), "sequence_b": String(pair.1)])
      #expect(same == [table.numbers("mean_cosine")[row]])
    }
  }

  @Test("A sequence without rank is an error that names it, or is left out")
  func withoutRank() async throws {
    // 15 tokens: k = 2; all of them equal: rank 1.
    let one = Matrix<Double>.gaussian(1, Self.hidden, seed: 300)
    let equal = Matrix(rows: [[Double]](repeating: one.elements, count: 15))
    var sequences: [Matrix<Double>] = (0..<4).map { .gaussian(15, Self.hidden, seed: 301 + $0) }
    let sound = try await ToyRun(
      of: Self.toy, options: Self.options, capture: ToyCapture(sequences: sequences))
    sequences.insert(equal, at: 2)
    let capture = ToyCapture(sequences: sequences)
    let error = await #expect(throws: AnalysisError.self) {
      try await ToyRun(of: Self.toy, options: Self.options, capture: capture)
    }
    let place = "activations.h5: tensor 'layers.0.moe_input', sequence 2, "
    let text = error?.description ?? ""
    #expect(text.contains(place + "has a rank below 2: singular value 2 is "), "\(text)")
    #expect(text.hasSuffix("or leave out what cannot be measured with --keep-going"), "\(text)")

    let run = try await ToyRun(
      of: Self.toy, options: Self.options, capture: capture, keepsGoing: true)
    let leftOut = try run.table(.leftOut)
    #expect(leftOut.texts("expert") == ["sequence 2"])
    #expect(leftOut.texts("projection") == [""])
    #expect(leftOut.integers("layer") == [0])
    #expect(leftOut.texts("reason")[0].hasPrefix(place + "has a rank below 2"))
    let table = try run.table(.dataAlignment)
    #expect(table.integers("sequence_a") == [0, 0, 0, 1, 1, 3])
    #expect(table.integers("sequence_b") == [1, 3, 4, 3, 4, 4])
    #expect(
      table.numbers("mean_cosine") == (try sound.table(.dataAlignment)).numbers("mean_cosine"))
    // What was left out keeps the unit open.
    #expect(run.folder.manifest.units.map(\.state) == [.open])
  }

  @Test("A sequence of zeros is padding, and one of a single token has one direction")
  func extremes() async throws {
    let zero = Matrix<Double>(rowCount: 10, columnCount: Self.hidden)
    var sequences: [Matrix<Double>] = (0..<2).map { .gaussian(20, Self.hidden, seed: 400 + $0) }
    sequences.append(.gaussian(1, Self.hidden, seed: 403))
    let single = try await ToyRun(
      of: Self.toy, options: Self.options, capture: ToyCapture(sequences: sequences))
    #expect(try single.table(.dataAlignment).integers("k") == [2, 1, 1])
    // The others keep their numbers.
    sequences.insert(zero, at: 1)
    let padded = try await ToyRun(
      of: Self.toy, options: Self.options, capture: ToyCapture(sequences: sequences))
    let (table, other) = (try padded.table(.dataAlignment), try single.table(.dataAlignment))
    #expect(table.integers("sequence_a") == [0, 0, 2])
    #expect(table.integers("sequence_b") == [2, 3, 3])
    #expect(table.numbers("mean_cosine") == other.numbers("mean_cosine"))
    #expect(padded.folder.manifest.capturedRows?.zeros == 10)
  }
}
