import Checkpoints
import Experts
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks shuffle sensitivity on changes whose directions are chosen.
@Suite struct ShuffleSensitivityTests {
  // r = 24 and a fraction of 0.1: k = 3 of 32 dimensions.
  static let (hidden, width, tokens, k) = (32, 24, 1500, 3)
  static let options = AnalysisOptions(analyses: [.shuffle], fraction: 0.1)

  /// A basis of the stream for each expert, its own 24 directions first.
  let bases: [Matrix<Double>]
  let toy: ToyCheckpoint
  let input = Matrix<Double>.gaussian(tokens, hidden, seed: 71)

  init() throws {
    bases = try (0..<2).map { try .orthonormal(Self.hidden, Self.hidden, seed: 72 + UInt64($0)) }
    var toy = ToyCheckpoint.gaussian(
      experts: 2, hidden: Self.hidden, width: Self.width, sharedWidth: 24, seed: 74)
    for projection in [Projection.gate, .up] {
      for expert in 0..<2 {
        try toy.plant(
          projection, ofExpert: expert, spectrum: (0..<24).map { 9 * pow(0.9, Double($0)) },
          stream: bases[expert].columns(0..<24), width: Self.width, seed: 75 + UInt64(expert))
      }
    }
    self.toy = toy
  }

  /// What the definition says, in double precision with the directions that were planted.
  func expected(expert: Int, change: Matrix<Double>) -> [String: Double] {
    let before = product(input, bases[expert])
    let moved = product(change, bases[expert])
    func norms(_ rows: Matrix<Double>, _ range: Range<Int>) -> [Double] {
      (0..<rows.rowCount).map { row in
        range.reduce(0) { $0 + rows[row, $1] * rows[row, $1] }.squareRoot()
      }
    }
    func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
    var values: [String: Double] = [:]
    for (name, range) in [("top", 0..<Self.k), ("tail", Self.k..<Self.hidden)] {
      let change = norms(moved, range)
      values["\(name)_relative"] = mean(change) / mean(norms(before, range))
      values["\(name)_per_direction"] =
        (mean(change.map { $0 * $0 }) / Double(range.count)).squareRoot()
    }
    return values
  }

  func run(change: Matrix<Double>) async throws -> Table {
    var shuffled = input
    for place in shuffled.elements.indices { shuffled.elements[place] += change.elements[place] }
    let run = try await ToyRun(
      of: toy, options: Self.options, capture: ToyCapture(input, shuffled: shuffled))
    let table = try run.table(.shuffle)
    // Two projections, two routed experts, not the shared one.
    #expect(table.texts("projection") == ["gate_proj", "gate_proj", "up_proj", "up_proj"])
    #expect(table.texts("expert") == ["0", "1", "0", "1"])
    #expect(table.integers("k") == [3, 3, 3, 3])
    return table
  }

  static let measures = [
    "top_relative", "tail_relative", "top_per_direction", "tail_per_direction",
  ]

  @Test("Nothing changed: 0 in every reading")
  func unchanged() async throws {
    let table = try await run(change: Matrix(rowCount: Self.tokens, columnCount: Self.hidden))
    for measure in Self.measures {
      #expect(table.numbers(measure) == [0, 0, 0, 0], "\(measure)")
    }
  }

  @Test("A change among the top directions of an expert alone, and one outside of them")
  func insideAndOutside() async throws {
    for isInside in [true, false] {
      // Outside: half in the directions behind the top, half where the weight has none at all.
      let range = isInside ? 0..<3 : 20..<28
      let change = product(
        Matrix<Double>.gaussian(Self.tokens, range.count, seed: 77),
        bases[0].columns(range), rightTransposed: true)
      let table = try await run(change: change)
      for row in 0..<4 {
        let expected = expected(expert: row % 2, change: change)
        for measure in Self.measures {
          let value = table.numbers(measure)[row]
          let isZero = row % 2 == 0 && measure.hasPrefix(isInside ? "tail" : "top")
          if isZero {
            // The tail is a difference of squares in single precision: the root of 1e-7.
            #expect(value <= 1e-3, "\(measure): \(value)")
          } else {
            #expect(abs(value - (expected[measure] ?? .nan)) <= 1e-5 * value, "\(measure)")
          }
        }
        // Eight of the 29 directions of the complement have changed, each by 1 on average.
        if row % 2 == 0, !isInside {
          let squares = change.elements.reduce(0) { $0 + $1 * $1 }
          let perDirection = (squares / Double(Self.tokens) / 29).squareRoot()
          #expect(abs(table.numbers("tail_per_direction")[row] - perDirection) <= 1e-5)
        }
      }
    }
  }

  @Test("Any change, against the definition in double precision", arguments: [1, 2])
  func anyChange(seed: UInt64) async throws {
    let change = Matrix<Double>.gaussian(Self.tokens, Self.hidden, seed: 80 + seed)
    let table = try await run(change: change)
    for row in 0..<4 {
      let expected = expected(expert: row % 2, change: change)
      for measure in Self.measures {
        let value = table.numbers(measure)[row]
        #expect(abs(value - (expected[measure] ?? .nan)) <= 1e-5 * value, "\(measure)")
      }
    }
  }
}
