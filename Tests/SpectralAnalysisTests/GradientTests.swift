import Checkpoints
import Experts
import Findings
import Foundation
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks the analyses of gradients whose directions are chosen.
@Suite struct GradientTests {
  // Routed: r = 32, k = 4. Shared: r = 28, its own k = 3.
  static let (hidden, width, sharedWidth, experts) = (40, 32, 28, 6)
  static let options = AnalysisOptions(analyses: [.gradients], fraction: 0.1)
  static let spectrum = (0..<32).map { 10 * pow(0.88, Double($0)) }

  static let toy: ToyCheckpoint = {
    var toy = ToyCheckpoint.gaussian(
      experts: experts, hidden: hidden, width: width, sharedWidth: sharedWidth, seed: 141)
    toy.config["num_experts_per_tok"] = 1
    return toy
  }()

  /// The gradients of all experts' weights, the shared one's last, by projection.
  static func gradients(
    _ matrix: (Projection, Int?) throws -> Matrix<Double>
  ) throws -> [ToyTensor] {
    try Projection.allCases.flatMap { projection in
      try (Array(0..<experts).map(Optional.some) + [nil]).map { expert in
        let matrix = try matrix(projection, expert)
        return ToyTensor(
          ToyCheckpoint.name(projection, ofExpert: expert), .f32,
          [matrix.rowCount, matrix.columnCount], values: matrix.elements)
      }
    }
  }

  /// Gradients whose leading four directions in the stream are the same for all experts.
  static func sharing(seed: UInt64) throws -> [ToyTensor] {
    let common = try Matrix<Double>.orthonormal(hidden, 4, seed: seed)
    return try gradients { projection, expert in
      let own = seed * 1000 + UInt64(expert ?? 50) * 10 + UInt64(projection.rawValue.utf8.count)
      let (rank, width) = expert == nil ? (28, sharedWidth) : (32, width)
      let mixed = product(common, try Matrix<Double>.orthonormal(4, 4, seed: own + 300))
      return try .projection(
        projection, spectrum: Array(spectrum.prefix(rank)),
        stream: .orthonormal(hidden, rank, leading: mixed, seed: own), width: width,
        seed: own + 500)
    }
  }

  static func independent(seed: UInt64) throws -> [ToyTensor] {
    var next = seed
    return try gradients { projection, expert in
      next += 1
      let width = expert == nil ? sharedWidth : width
      return projection == .down
        ? .gaussian(hidden, width, seed: next) : .gaussian(width, hidden, seed: next)
    }
  }

  // MARK: What is measured

  @Test("Gradients that share their leading directions have similarity 1, the shared expert's too")
  func sharedDirections() async throws {
    let run = try await ToyRun(
      of: Self.toy, options: Self.options, gradients: Self.sharing(seed: 142))
    let similarity = try run.table(.similarity.ofGradients)
    // 21 pairs of seven on the hidden side, 15 of six on the other.
    #expect(similarity.rowCount == 3 * (21 + 15))
    #expect(similarity.integers("k").allSatisfy { $0 == 4 })
    #expect(similarity.rows(["side": "hidden", "expert_b": "shared"]).count == 3 * 6)
    let floor = try RandomFloor(dimension: Self.width, rank: 4).meanCosine
    for (row, side) in similarity.texts("side").enumerated() {
      let mean = similarity.numbers("mean_cosine")[row]
      if side == "hidden" {
        #expect(abs(mean - 1) <= 1e-5)
      } else {
        #expect(abs(mean - floor.mean) <= 5 * floor.standardDeviation)
      }
    }
    let summary = try run.table(.summary.ofGradients)
    #expect(summary.integers("pairs").allSatisfy { $0 == 15 })
    for row in summary.rows(["side": "hidden"]) {
      #expect(abs(summary.numbers("mean")[row] - 1) <= 1e-5)
    }
    let bands = try run.table(.bands.ofGradients)
    #expect(bands.rowCount == 3 * 8)
    for value in bands.numbers("mean_cosine", ["band": "0"]) { #expect(abs(value - 1) <= 1e-5) }
    #expect(try run.table(.bandSummary.ofGradients).rowCount == 3)
    #expect(try run.table(.tailSimilarity.ofGradients).rowCount == 3 * 15)
    // Nothing is said of the weights.
    let names = try filesByPath(under: "\(run.folder.path)/tables").keys
    #expect(
      names.sorted() == [
        "floors.csv", "gradient_band_summary.csv", "gradient_bands.csv", "gradient_energy.csv",
        "gradient_similarity.csv", "gradient_spectrum.csv", "gradient_summary.csv",
        "gradient_tail_similarity.csv",
      ])
  }

  @Test("Energies and spectra of planted gradients; without captures no tokens are known")
  func energies() async throws {
    let run = try await ToyRun(
      of: Self.toy, options: Self.options, gradients: Self.sharing(seed: 143))
    let energy = try run.table(.energy.ofGradients)
    #expect(energy.rowCount == 3 * 7)
    #expect(energy.numbers("tokens").allSatisfy { $0.isNaN })
    for (row, expert) in energy.texts("expert").enumerated() {
      let k = expert == "shared" ? 3 : 4
      let squares = Self.spectrum.prefix(expert == "shared" ? 28 : 32).map { $0 * $0 }
      let norm = squares.reduce(0, +)
      let entropy = squares.reduce(0.0) { $0 - $1 / norm * log($1 / norm) }
      #expect(energy.integers("k")[row] == k)
      let expected = [
        "energy_top": squares.prefix(k).reduce(0, +) / norm, "stable_rank": norm / squares[0],
        "effective_rank": exp(entropy), "gap": 1 / 0.88,
      ]
      for (column, value) in expected {
        #expect(abs(energy.numbers(column)[row] - value) <= 1e-5 * value, "\(column)")
      }
    }
    let spectrum = try run.table(.spectrum.ofGradients)
    #expect(spectrum.rowCount == 3 * 7 * 16)
    for (row, index) in spectrum.integers("index").enumerated() {
      let value = Self.spectrum[index - 1]
      #expect(abs(spectrum.numbers("sigma")[row] - value) <= 1e-5 * value)
    }
  }

  @Test("Independent gradients stand at the floor, in every band", arguments: [144, 1440])
  func independentGradients(seed: UInt64) async throws {
    let run = try await ToyRun(
      of: Self.toy, options: Self.options, gradients: Self.independent(seed: seed))
    let floor = try RandomFloor(dimension: Self.hidden, rank: 4).meanCosine
    let error = floor.standardDeviation / 15.0.squareRoot()
    let summary = try run.table(.summary.ofGradients)
    for row in summary.rows(["side": "hidden"]) {
      #expect(abs(summary.numbers("mean")[row] - floor.mean) <= 4 * error)
      #expect(summary.numbers("floor")[row] == floor.mean)
    }
    let bands = try run.table(.bands.ofGradients).numbers("mean_cosine")
    #expect(bands.count == 24)
    #expect(bands.allSatisfy { abs($0 - floor.mean) <= 4.5 * error })
  }

  @Test("Tokens are those of the captures that were routed to each expert")
  func tokens() async throws {
    // Token t goes to expert t % 4 of six; the shared expert sees all.
    let logits = (0..<50).map { t in (0..<6).map { $0 == t % 4 ? 1.0 : 0 } }
    let capture = ToyCapture(
      .gaussian(50, Self.hidden, seed: 145), logits: Matrix(rows: logits))
    let run = try await ToyRun(
      of: Self.toy, options: Self.options, capture: capture,
      gradients: Self.sharing(seed: 145))
    let energy = try run.table(.energy.ofGradients)
    for (expert, count) in [
      "0": 13.0, "1": 13, "2": 12, "3": 12, "4": 0, "5": 0, "shared": 50,
    ] {
      #expect(energy.numbers("tokens", ["expert": expert]) == [count, count, count])
    }
  }

  // MARK: What is left out

  static func name(_ projection: Projection, _ expert: Int?) -> String {
    ToyCheckpoint.name(projection, ofExpert: expert)
  }

  static func zero(_ name: String, of gradients: [ToyTensor]) -> [ToyTensor] {
    replacing(name, of: gradients) { [Double](repeating: 0, count: $0.reduce(1, *)) }
  }

  static func replacing(
    _ name: String, of gradients: [ToyTensor], by values: ([Int]) -> [Double]
  ) -> [ToyTensor] {
    gradients.map {
      $0.name == name
        ? ToyTensor(name, .f32, $0.description.shape, values: values($0.description.shape)) : $0
    }
  }

  /// Values of a matrix of rank 2.
  static func rankTwo(_ shape: [Int]) -> [Double] {
    product(
      Matrix<Double>.gaussian(shape[0], 2, seed: 146),
      Matrix<Double>.gaussian(2, shape[1], seed: 147)
    ).elements
  }

  @Test(
    "Zero, missing and poor gradients are left out and listed, and that is no failure",
    arguments: [1, 3])
  func leftOut(width: Int) async throws {
    let sound = try Self.sharing(seed: 148)
    var gradients = Self.zero(Self.name(.gate, 1), of: sound)
    gradients = Self.replacing(Self.name(.up, 3), of: gradients, by: Self.rankTwo)
    gradients = Self.replacing(Self.name(.up, nil), of: gradients, by: Self.rankTwo)
    gradients.removeAll { $0.name == Self.name(.gate, 4) || $0.name == Self.name(.down, 0) }
    let whole = try await ToyRun(of: Self.toy, options: Self.options, gradients: sound)
    let run = try await ToyRun(
      of: Self.toy, options: Self.options, gradients: gradients, width: width)

    let leftOut = try run.table(.leftOut.ofGradients)
    let places = (0..<leftOut.rowCount).map {
      "\(leftOut.integers("layer")[$0]) \(leftOut.texts("projection")[$0]) \(leftOut.texts("expert")[$0])"
    }
    #expect(
      places == [
        "0 gate_proj 1", "0 gate_proj 4", "0 up_proj 3", "0 up_proj shared", "0 down_proj 0",
      ])
    let file = "gradients.safetensors"
    let starts = [
      "\(file): tensor '\(Self.name(.gate, 1))' is zero in every element",
      "\(file): has no tensor '\(Self.name(.gate, 4))': that expert has no gradient",
      "\(file): tensor '\(Self.name(.up, 3))' has a rank below 4: singular value 4 is ",
      "\(file): tensor '\(Self.name(.up, nil))' has a rank below 4: singular value 4 is ",
      "\(file): has no tensor '\(Self.name(.down, 0))': that expert has no gradient",
    ]
    for (reason, start) in zip(leftOut.texts("reason"), starts) {
      #expect(reason.hasPrefix(start), "\(reason)")
    }
    #expect(try run.table(.leftOut).rowCount == 0)
    #expect(run.folder.manifest.units.map(\.state) == [.finished, .finished, .finished])

    // Without the rows of those experts, the tables are those of the sound gradients: to the letter,
    // but for means of stacked bands, which may be rounded by the experts that stand beside a pair.
    // Each is within 1e-6 of the exact one of the same bases, and so is their mean over bands.
    let rounded = ["gradient_tail_similarity": "mean_cosine"]
    let broken = ["gate_proj": ["1", "4"], "up_proj": ["3", "shared"], "down_proj": ["0"]]
    let tables = [
      "gradient_energy": ["expert"], "gradient_spectrum": ["expert"],
      "gradient_similarity": ["expert_a", "expert_b"],
      "gradient_tail_similarity": ["expert_a", "expert_b"],
    ]
    for (name, columns) in tables {
      let all = try CSVFile(path: "\(whole.folder.path)/tables/\(name).csv")
      let kept = try CSVFile(path: "\(run.folder.path)/tables/\(name).csv")
      let projections = try all.texts("projection")
      let members = try columns.map { try all.texts($0) }
      let expected = all.rows.indices.filter { row in
        members.allSatisfy { broken[projections[row]]?.contains($0[row]) == false }
      }
      #expect(expected.count < all.rows.count)
      let column = try rounded[name].map { try #require(all.columns.firstIndex(of: $0)) }
      func exactFields(_ row: [String]) -> [String] {
        row.indices.filter { $0 != column }.map { row[$0] }
      }
      #expect(kept.columns == all.columns)
      #expect(
        kept.rows.map(exactFields) == expected.map { exactFields(all.rows[$0]) }, "\(name)")
      if let column {
        func values(_ rows: [[String]]) -> [Double] { rows.map { Double($0[column]) ?? .nan } }
        expectClose(
          values(kept.rows), values(expected.map { all.rows[$0] }), within: 2e-6, "\(name)")
      }
    }
    #expect(try run.table(.summary.ofGradients).integers("pairs") == [6, 6, 10, 10, 10, 10])
  }

  @Test("A projection that is asked for and has no gradient at all is refused")
  func noneOfAProjection() async throws {
    let gradients = try Self.sharing(seed: 149).filter { !$0.name.contains("up_proj") }
    let error = await #expect(throws: AnalysisError.self) {
      try await ToyRun(of: Self.toy, options: Self.options, gradients: gradients)
    }
    let text = error?.description ?? ""
    #expect(text.contains("has no gradient of any expert's up_proj of layer 0; "), "\(text)")
    var others = Self.options
    others.projections = [.gate, .down]
    let run = try await ToyRun(of: Self.toy, options: others, gradients: gradients)
    #expect(try run.table(.leftOut.ofGradients).rowCount == 0)
    #expect(try run.table(.bands.ofGradients).rowCount == 2 * 8)
  }

  @Test("One expert with a gradient has bands and energies, but no pairs")
  func oneExpert() async throws {
    let gradients = try Self.sharing(seed: 150).filter { $0.name.contains("experts.2.") }
    let run = try await ToyRun(of: Self.toy, options: Self.options, gradients: gradients)
    #expect(try run.table(.energy.ofGradients).texts("expert") == ["2", "2", "2"])
    #expect(try run.table(.similarity.ofGradients).rowCount == 0)
    #expect(try run.table(.summary.ofGradients).rowCount == 0)
    let bands = try run.table(.bands.ofGradients)
    #expect(bands.rowCount == 24)
    #expect(bands.numbers("mean_cosine").allSatisfy { $0.isNaN })
    #expect(bands.numbers("energy").allSatisfy { $0 > 0 })
  }

  @Test("NaN and infinity are errors that name file and tensor, or are left out")
  func notFinite() async throws {
    for (value, expert) in [(Double.nan, 2), (.infinity, nil)] {
      let name = Self.name(.up, expert)
      let gradients = Self.replacing(name, of: try Self.sharing(seed: 151)) { shape in
        var values = [Double](repeating: 1, count: shape.reduce(1, *))
        values[3 * Self.hidden + 7] = value
        return values
      }
      let error = await #expect(throws: AnalysisError.self) {
        try await ToyRun(of: Self.toy, options: Self.options, gradients: gradients)
      }
      let place =
        "gradients.safetensors: tensor '\(name)' holds NaN, infinity, or a value beyond single precision at row 3, column 7, counted from 0"
      let text = error?.description ?? ""
      #expect(text.contains("/\(place); download or capture the file again"), "\(text)")
      let run = try await ToyRun(
        of: Self.toy, options: Self.options, gradients: gradients, keepsGoing: true)
      // It is a failure, unlike an expert that saw no token.
      #expect(try run.table(.leftOut.ofGradients).rowCount == 0)
      let leftOut = try run.table(.leftOut)
      #expect(leftOut.texts("expert") == [expert.map(String.init) ?? "shared"])
      #expect(leftOut.texts("reason").first == place)
      #expect(run.folder.manifest.units.map(\.state) == [.finished, .open, .finished])
      #expect(try run.table(.energy.ofGradients).rowCount == 3 * 7 - 1)
    }
  }

  // MARK: Files

  @Test("HDF5 and safetensors, whatever the order: the same tables, byte for byte")
  func formats() async throws {
    let gradients = try Self.sharing(seed: 152)
    let checkpoint = try Self.toy.written()
    let inputs = try TemporaryFolder()
    let paths = ["gradients.safetensors", "gradients.h5", "other.safetensors"].map(inputs.path)
    try writeSafetensors(gradients, to: paths[0])
    try writeHDF5(gradients, to: paths[1])
    try writeSafetensors(gradients.reversed(), to: paths[2])
    var found: [[String: Data]] = []
    for path in paths {
      let out = try TemporaryFolder()
      try await analyse(checkpoint.path, in: out.path, options: Self.options, gradients: path)
      found.append(try filesByPath(under: "\(out.path)/tables"))
    }
    #expect(found[0].count == 8)
    #expect(found[1] == found[0])
    #expect(found[2] == found[0])
  }
}
