import Checkpoints
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks router-data alignment on an input whose singular directions are chosen.
@Suite struct RouterDataTests {
  static let (hidden, tokens) = (32, 200)
  static let spectrum = (0..<32).map { 40 * pow(0.85, Double($0)) }

  /// The directions of the input, the leading one first.
  let directions: Matrix<Double>
  /// An input of mean zero with that spectrum and those directions.
  let input: Matrix<Double>
  let toy: ToyCheckpoint

  init() throws {
    directions = try .orthonormal(Self.hidden, Self.hidden, seed: 61)
    let ones = Matrix<Double>(
      rowCount: Self.tokens, columnCount: 1,
      elements: [Double](repeating: 1, count: Self.tokens))
    // All but the first are orthogonal to a constant column.
    let left = try Matrix<Double>.orthonormal(Self.tokens, 33, leading: ones, seed: 62)
    input = .with(spectrum: Self.spectrum, left: left.columns(1..<33), right: directions)
    var toy = ToyCheckpoint.gaussian(experts: 4, hidden: Self.hidden, width: 24, seed: 63)
    // Rows along direction 3, between 1 and 6, along the last one, and one of no plan.
    var router = Matrix<Double>.gaussian(4, Self.hidden, seed: 64)
    for column in 0..<Self.hidden {
      router[0, column] = -0.02 * directions[column, 2]
      router[1, column] = 30 * directions[column, 0] - 40 * directions[column, 5]
      router[2, column] = directions[column, 31]
    }
    toy.plant(router, as: ToyCheckpoint.routerName())
    self.toy = toy
  }

  /// The cosines that were built in, for the rows of the experts 0 to 2.
  static func planted(expert: Int, direction: Int) -> Double {
    switch (expert, direction) {
    case (0, 3): 1
    case (1, 1): 0.6
    case (1, 6): 0.8
    default: 0
    }
  }

  static let options = AnalysisOptions(analyses: [.routerData])

  @Test("A router row along a direction of the input has cosine 1 with it alone")
  func aligned() async throws {
    let run = try await ToyRun(of: toy, options: Self.options, capture: ToyCapture(input))
    let table = try run.table(.routerData)
    #expect(table.rowCount == 4 * 16)
    let floor = expectedAbsoluteCosine(dimension: Self.hidden)
    for row in 0..<table.rowCount {
      #expect(table.texts("expert")[row] == String(row / 16))
      #expect(table.integers("direction")[row] == row % 16 + 1)
      #expect(table.numbers("floor_abs_cosine")[row] == floor)
      guard row < 48 else { continue }
      // Inputs are rounded to 24 bits: 1e-5 of noise over gaps of 0.5 and more.
      let expected = Self.planted(expert: row / 16, direction: row % 16 + 1)
      #expect(abs(table.numbers("abs_cosine")[row] - expected) <= 5e-5)
    }
    // The row without a plan lies somewhere: its 16 squares are a part of 1.
    let rest = table.numbers("abs_cosine").suffix(16).map { $0 * $0 }.reduce(0, +)
    #expect(rest > 0.05 && rest < 0.95)

    let spectrum = try run.table(.dataSpectrum)
    #expect(spectrum.integers("index") == Array(1...16))
    let whole = Self.spectrum.reduce(0) { $0 + $1 * $1 }
    for (place, sigma) in Self.spectrum.prefix(16).enumerated() {
      #expect(abs(spectrum.numbers("sigma")[place] - sigma) <= 1e-5 * sigma)
      let energy = sigma * sigma / whole
      #expect(abs(spectrum.numbers("energy")[place] - energy) <= 1e-5 * energy)
    }
  }

  @Test("A large common token leads, unless the input is centred")
  func centring() async throws {
    // Along the last direction, so that all others keep their order behind it.
    var shifted = input
    for row in 0..<Self.tokens {
      for column in 0..<Self.hidden { shifted[row, column] += 50 * directions[column, 31] }
    }
    for isCentred in [false, true] {
      var options = Self.options
      options.center = isCentred
      let run = try await ToyRun(of: toy, options: options, capture: ToyCapture(shifted))
      let table = try run.table(.routerData)
      let first = 50 * Double(Self.tokens).squareRoot()
      let spectrum = try run.table(.dataSpectrum).numbers("sigma")
      let expected = (isCentred ? [] : [hypot(first, Self.spectrum[31])]) + Self.spectrum
      for (sigma, expected) in zip(spectrum, expected) {
        #expect(abs(sigma - expected) <= 1e-4 * expected)
      }
      for row in 0..<48 {
        let direction = row % 16 + 1
        let cosine = table.numbers("abs_cosine")[row]
        if isCentred {
          #expect(abs(cosine - Self.planted(expert: row / 16, direction: direction)) <= 2e-4)
        } else if direction == 1 {
          #expect(abs(cosine - (row / 16 == 2 ? 1 : 0)) <= 2e-4)
        } else {
          let expected = Self.planted(expert: row / 16, direction: direction - 1)
          #expect(abs(cosine - expected) <= 2e-4)
        }
      }
    }
  }

  @Test("A hidden size below 16 has as many directions as it can")
  func narrow() async throws {
    let toy = ToyCheckpoint.gaussian(experts: 2, hidden: 12, width: 10, seed: 65)
    let run = try await ToyRun(
      of: toy, options: Self.options, capture: ToyCapture(.gaussian(12, 12, seed: 66)))
    #expect(try run.table(.dataSpectrum).integers("index") == Array(1...12))
    let table = try run.table(.routerData)
    #expect(table.rowCount == 2 * 12)
    // A whole basis: the squares of a unit row sum to 1.
    for expert in ["0", "1"] {
      let squares = table.numbers("abs_cosine", ["expert": expert]).map { $0 * $0 }
      #expect(abs(squares.reduce(0, +) - 1) <= 1e-5)
    }
  }

  @Test(
    "An input of too few directions is an error, or the router is left out",
    arguments: [false, true])
  func fewDirections(isZero: Bool) async throws {
    let factor = isZero ? 0.0 : 1
    let flat = product(
      Matrix<Double>.gaussian(40, 5, seed: 67), Matrix<Double>.gaussian(5, Self.hidden, seed: 68))
    let capture = ToyCapture(
      Matrix(rowCount: 40, columnCount: Self.hidden, elements: flat.elements.map { factor * $0 }))
    let error = await #expect(throws: AnalysisError.self) {
      try await ToyRun(of: toy, options: Self.options, capture: capture)
    }
    let reason =
      isZero
      ? "is zero in every element in single precision, so it has no leading directions"
      : "has a rank below 16: singular value 16 is "
    let text = error?.description ?? ""
    #expect(
      text.contains("/activations.h5: tensor 'layers.0.moe_input', all tokens, \(reason)"),
      "\(text)")
    #expect(
      text.hasSuffix(
        "; capture a longer and more varied text, or leave out what cannot be measured with --keep-going"
      ),
      "\(text)")
    let run = try await ToyRun(
      of: toy, options: Self.options, capture: capture, keepsGoing: true)
    let leftOut = try run.table(.leftOut)
    #expect(leftOut.texts("expert") == ["router"])
    #expect(leftOut.texts("projection") == [""])
    #expect(
      leftOut.texts("reason")[0].hasPrefix(
        "activations.h5: tensor 'layers.0.moe_input', all tokens, \(reason)"))
    #expect(try run.table(.routerData).rowCount == 0)
  }
}
