import Checkpoints
import Experts
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks analyses of unique parts, whose directions live in what the common ones leave.
@Suite struct UniquePartTests {
  // MARK: Floors

  @Test(
    "Independent experts stand at the floor of the space that is left",
    arguments: [SDMoEForm.Sides.both, .hidden])
  func floors(sides: SDMoEForm.Sides) async throws {
    // r = 48 and a fraction of 0.1: k = 5, of which 16 of 64 and of 48 dimensions are taken.
    var toy = ToyCheckpoint.gaussian(experts: 12, hidden: 64, width: 48, seed: 5)
    try toy.factorAtRandom(
      ToyCheckpoint.form(of: [.gate, .down], commonRank: 16, sides: sides), seed: 6)
    let run = try await ToyRun(
      of: toy, options: AnalysisOptions(analyses: [.similarity], fraction: 0.1))
    let floors = try run.table(.floors)
    let neuron = sides == .both ? 32 : 48
    // up_proj is not factored.
    #expect(Set(floors.integers("n")) == Set([48, neuron, 64, 48]))
    #expect(Set(floors.integers("k")) == [5])
    let summary = try run.table(.summary)
    #expect(summary.rowCount == 6)
    for row in 0..<summary.rowCount {
      let isHidden = summary.texts("side")[row] == "hidden"
      let isWhole = summary.texts("projection")[row] == "up_proj"
      let n = isHidden ? (isWhole ? 64 : 48) : (isWhole ? 48 : neuron)
      let place = try #require(
        (0..<floors.rowCount).first {
          floors.integers("n")[$0] == n && floors.texts("measure")[$0] == "mean_cosine"
        })
      let floor = floors.numbers("mean")[place]
      #expect(summary.numbers("floor")[row] == floor)
      // As in PlantedStructureTests: 66 uncorrelated pairs.
      let error = floors.numbers("sd")[place] / 66.0.squareRoot()
      #expect(abs(summary.numbers("mean")[row] - floor) <= 4 * error)
    }
    let similarity = try run.table(.similarity)
    for row in 0..<similarity.rowCount where similarity.texts("projection")[row] == "gate_proj" {
      let side = similarity.texts("side")[row]
      let n = side == "hidden" ? 48 : neuron
      let known = try #require(
        (0..<floors.rowCount).first {
          floors.integers("n")[$0] == n && floors.texts("measure")[$0] == "mean_cosine"
        })
      #expect(similarity.numbers("floor_mean_cosine")[row] == floors.numbers("mean")[known])
    }
  }

  @Test("Pairs with a shared expert, which is whole, keep the floor of the whole space")
  func sharedExpert() async throws {
    var toy = ToyCheckpoint.gaussian(
      experts: 4, hidden: 40, width: 32, sharedWidth: 36, seed: 7)
    try toy.factorAtRandom(ToyCheckpoint.form(of: [.gate], commonRank: 10), seed: 8)
    let run = try await ToyRun(
      of: toy,
      options: AnalysisOptions(analyses: [.similarity], projections: [.gate], fraction: 0.1))
    let floors = try run.table(.floors)
    func floor(_ n: Int) throws -> Double {
      let row = try #require(
        (0..<floors.rowCount).first {
          floors.integers("n")[$0] == n && floors.texts("measure")[$0] == "mean_cosine"
        })
      return floors.numbers("mean")[row]
    }
    let table = try run.table(.similarity)
    for row in 0..<table.rowCount where table.texts("side")[row] == "hidden" {
      let isShared = table.texts("expert_b")[row] == "shared"
      let expected = try floor(isShared ? 40 : 30)
      #expect(table.numbers("floor_mean_cosine")[row] == expected)
    }
  }

  // MARK: Planted structure

  /// Hidden size 40, width 32, common rank 6; k = 4 of r = 32, and 26 directions are left.
  private func planted(cosine: Double, dtype: ElementType) throws -> ToyCheckpoint {
    let (hidden, width, common) = (40, 32, 6)
    var toy = ToyCheckpoint.gaussian(experts: 3, hidden: hidden, width: width, seed: 11)
    let rank = width - common
    // Columns past the common ones are a basis of what is left of the residual stream.
    let stream = try Matrix<Double>.orthonormal(hidden, hidden, seed: 12)
    let own = try Matrix<Double>.orthonormal(width, width, seed: 13)
    let sine = (1 - cosine * cosine).squareRoot()
    toy.factor(
      ToyCheckpoint.form(of: Projection.allCases, commonRank: common, dtype: dtype)
    ) { projection, expert, _ in
      // Expert 1's leading direction j has that cosine with expert 0's, expert 2's has none of it.
      var directions = Matrix<Double>(rowCount: hidden, columnCount: rank)
      for row in 0..<hidden {
        func left(_ column: Int) -> Double { stream[row, common + column] }
        for j in 0..<4 {
          switch expert {
          case 0: directions[row, j] = left(j)
          case 1: directions[row, j] = cosine * left(j) + sine * left(4 + j)
          default: directions[row, j] = left(8 + j)
          }
          if expert == 1 { directions[row, 4 + j] = cosine * left(4 + j) - sine * left(j) }
        }
        switch expert {
        case 0: for j in 4..<rank { directions[row, j] = left(j) }
        case 1: for j in 8..<rank { directions[row, j] = left(j) }
        default: for j in 4..<rank { directions[row, j] = left(j < 12 ? j - 4 : j) }
        }
      }
      var neurons = Matrix<Double>(rowCount: width, columnCount: rank)
      for row in 0..<width {
        for j in 0..<rank { neurons[row, j] = own[row, common + j] }
      }
      return projection == .down
        ? .with(spectrum: Self.spectrum, left: directions, right: neurons)
        : .with(spectrum: Self.spectrum, left: neurons, right: directions)
    }
    return toy
  }

  /// Four leading values apart from the others, none under 1/4 of the first.
  private static let spectrum: [Double] =
    [8, 7.5, 7, 6.5] + (4..<26).map { (j: Int) -> Double in 3 - 0.04 * Double(j) }

  @Test(
    "A planted similarity of unique parts is found, and nothing is told of what is null",
    arguments: [0.0, 0.3, 0.8], [ElementType.f32, .bf16])
  func plantedSimilarity(cosine: Double, dtype: ElementType) async throws {
    var options = AnalysisOptions(
      analyses: [.energy, .spectrum, .similarity, .router, .bands], fraction: 0.1)
    options.fullSpectrum = true
    options.part = .unique
    let run = try await ToyRun(of: planted(cosine: cosine, dtype: dtype), options: options)
    // Cutting to BF16 changes each element by up to 2^-8 of it, so the matrix by 2^-8 of its norm,
    // 18.5: no direction of two experts turns by more than that over the gap of 3.66 to the tail.
    let allowed = dtype == .bf16 ? 0.04 : 1e-5
    let similarity = try run.table(.similarity)
    let expected = ["01": cosine, "02": 0, "12": 0]
    for row in 0..<similarity.rowCount where similarity.texts("side")[row] == "hidden" {
      let pair = similarity.texts("expert_a")[row] + similarity.texts("expert_b")[row]
      let mean = try #require(expected[pair])
      #expect(abs(similarity.numbers("mean_cosine")[row] - mean) <= allowed)
      #expect(similarity.integers("k")[row] == 4)
    }

    let spectrum = try run.table(.spectrum)
    #expect(spectrum.rowCount == 9 * 26)
    for row in 0..<spectrum.rowCount {
      let expected = Self.spectrum[spectrum.integers("index")[row] - 1]
      #expect(abs(spectrum.numbers("sigma")[row] - expected) <= allowed * Self.spectrum[0])
    }
    let energy = try run.table(.energy)
    #expect(energy.integers("k") == [Int](repeating: 4, count: 9))
    let squares: [Double] = Self.spectrum.map { $0 * $0 }
    let norm: Double = squares.reduce(0, +)
    let entropy: Double = squares.reduce(0) { (sum: Double, square: Double) -> Double in
      sum - square / norm * log(square / norm)
    }
    for value in energy.numbers("effective_rank") {
      #expect(abs(value - exp(entropy)) <= allowed * exp(entropy))
    }
    // 26 directions in bands of 4: the last one has 2.
    let bands = try run.table(.bands)
    #expect(bands.rowCount == 3 * 7)
    #expect(
      bands.integers("k") == [4, 4, 4, 4, 4, 4, 2] + [4, 4, 4, 4, 4, 4, 2] + [4, 4, 4, 4, 4, 4, 2])
    let shares = bands.numbers("energy").prefix(7).reduce(0, +)
    #expect(abs(shares - 1) <= (dtype == .bf16 ? 1e-4 : 1e-5))
    // The router tells max(16, k) directions.
    #expect(try run.table(.routerAlignment).rowCount == 2 * 3 * 16)
  }

  @Test("Every direction that is left can be the top: the gap after the last one is infinite")
  func allThatIsLeft() async throws {
    // r = 12 and a fraction of 0.5: k = 6 of 12 - 6.
    var toy = ToyCheckpoint.gaussian(experts: 3, hidden: 20, width: 12, seed: 31)
    try toy.factorAtRandom(ToyCheckpoint.form(of: [.gate], commonRank: 6, dtype: .bf16), seed: 32)
    var options = AnalysisOptions(
      analyses: [.energy, .spectrum, .similarity, .bands], projections: [.gate], fraction: 0.5)
    let run = try await ToyRun(of: toy, options: options)
    let energy = try run.table(.energy)
    #expect(energy.numbers("gap") == [.infinity, .infinity, .infinity])
    #expect(energy.numbers("energy_top").allSatisfy { $0 > 0.999 })
    #expect(try run.table(.spectrum).rowCount == 3 * 6)
    #expect(try run.table(.bands).rowCount == 1)

    // One more direction than there is.
    options.fraction = 0.51
    let folder = try toy.written()
    await #expect(
      throws: AnalysisError.tooFewUniqueDirections(
        path: folder.path, unit: "layer-000-gate_proj", count: 6, needed: 7)
    ) {
      try await analyse(folder.path, in: TemporaryFolder().path, options: options)
    }
  }

  @Test("Activation ratios are told of the directions that are left")
  func activationRatio() async throws {
    var toy = ToyCheckpoint.gaussian(experts: 2, hidden: 24, width: 20, seed: 41)
    try toy.factorAtRandom(ToyCheckpoint.form(of: [.gate], commonRank: 7), seed: 42)
    let capture = ToyCapture(.gaussian(64, 24, seed: 43))
    let run = try await ToyRun(
      of: toy,
      options: AnalysisOptions(analyses: [.activationRatio], projections: [.gate, .up]),
      capture: capture)
    let table = try run.table(.activationRatio)
    let projections = table.texts("projection")
    #expect(projections.count { $0 == "gate_proj" } == 2 * 13)
    #expect(projections.count { $0 == "up_proj" } == 2 * 20)
  }

  // MARK: Manifest and refusals

  @Test("The manifest names the part and the common rank, and of ordinary checkpoints neither")
  func manifest() async throws {
    var toy = ToyCheckpoint.gaussian(experts: 3, hidden: 20, width: 16, seed: 21)
    let options = AnalysisOptions(analyses: [.energy])
    let whole = try await ToyRun(of: toy, options: options)
    #expect(whole.folder.manifest.options[.part] == nil)
    #expect(whole.folder.manifest.units.allSatisfy { $0.commonRank == nil })
    #expect(whole.folder.manifest.definitions["part"] == nil)
    try toy.factorAtRandom(ToyCheckpoint.form(of: [.up], commonRank: 3), seed: 22)
    let unique = try await ToyRun(of: toy, options: options)
    #expect(unique.folder.manifest.options[.part] == "unique")
    #expect(unique.folder.manifest.units.map(\.commonRank) == [nil, 3, nil])
    #expect(unique.folder.manifest.definitions["part"] != nil)
    #expect(unique.folder.manifest.k == whole.folder.manifest.k)
  }

  @Test("The part that a checkpoint does not hold is refused, with what to do")
  func refusals() async throws {
    var toy = ToyCheckpoint.gaussian(experts: 3, hidden: 20, width: 16, seed: 21)
    let ordinary = try toy.written()
    var options = AnalysisOptions(analyses: [.energy])
    options.part = .whole
    try await analyse(ordinary.path, in: TemporaryFolder().path, options: options)
    options.part = .unique
    await #expect(throws: AnalysisError.noUniqueParts(path: ordinary.path)) {
      try await analyse(ordinary.path, in: TemporaryFolder().path, options: options)
    }
    try toy.factorAtRandom(ToyCheckpoint.form(of: [.up], commonRank: 3), seed: 22)
    let factored = try toy.written()
    try await analyse(factored.path, in: TemporaryFolder().path, options: options)
    options.part = .whole
    await #expect(throws: AnalysisError.noWholeWeights(path: factored.path)) {
      try await analyse(factored.path, in: TemporaryFolder().path, options: options)
    }
  }

  @Test("Gradients are refused beside a factored checkpoint")
  func gradients() async throws {
    var toy = ToyCheckpoint.gaussian(experts: 3, hidden: 20, width: 16, seed: 21)
    let gradients = toy.tensors
    try toy.factorAtRandom(ToyCheckpoint.form(of: [.up], commonRank: 3), seed: 22)
    let folder = try toy.written()
    let captured = try TemporaryFolder()
    try writeSafetensors(gradients, to: captured.path("g.safetensors"))
    for analyses in [[Analysis.gradients], [.energy]] {
      await #expect(throws: AnalysisError.gradientsOfFactored(path: folder.path)) {
        try await analyse(
          folder.path, in: TemporaryFolder().path, options: AnalysisOptions(analyses: analyses),
          gradients: captured.path("g.safetensors"))
      }
    }
  }

  @Test(
    "Messages say where, what, and what next",
    arguments: [
      (
        AnalysisError.noWholeWeights(path: "m"),
        "m: is in the factored SD-MoE form, which has no whole weights; merge first "
          + "(sdmoe convert m --form merged -o OUT) and analyse that, or leave --part whole out"
      ),
      (
        .noUniqueParts(path: "m"),
        "m: holds ordinary weights, which have no unique part; convert first "
          + "(sdmoe convert m -o OUT) and analyse that, or leave --part unique out"
      ),
      (
        .gradientsOfFactored(path: "m"),
        "m: is in the factored SD-MoE form, but gradients are of the original's weights; "
          + "analyse them with the original, or leave --gradients out"
      ),
      (
        .tooFewUniqueDirections(path: "m", unit: "layer-000-up_proj", count: 1, needed: 2),
        "m: the unique parts of layer-000-up_proj have 1 direction, but the top are 2; "
          + "choose a smaller --fraction, or convert with a smaller common rank"
      ),
    ])
  func messages(error: AnalysisError, text: String) {
    #expect("\(error)" == text)
  }
}
