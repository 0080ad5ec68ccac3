import Checkpoints
import Experts
import Findings
import Foundation
import HDF5Files
import LinearAlgebra
import SpectralAnalysis
import TestSupport
import Tensors
import Testing

/// Checks effective ranks and `spectra.h5` on spectra that are chosen.
@Suite struct SpectraFileTests {
  /// Six shapes of a spectrum of 20, of which the first two are equal values.
  static let spectra: [[Double]] = [
    [Double](repeating: 2, count: 20), [Double](repeating: 1e-3, count: 20),
    (0..<20).map { 5 * pow(0.8, Double($0)) }, (0..<20).map { 1 / Double($0 + 1) },
    [7] + [Double](repeating: 1e-3, count: 19), [3, 3, 3, 3] + [Double](repeating: 0, count: 16),
  ]

  static func toy() throws -> ToyCheckpoint {
    var toy = ToyCheckpoint.gaussian(
      experts: spectra.count, hidden: 24, width: 20, sharedWidth: 30, seed: 111)
    for (expert, spectrum) in spectra.enumerated() {
      for projection in Projection.allCases {
        try toy.plant(
          projection, ofExpert: expert, spectrum: spectrum,
          stream: .orthonormal(24, 20, seed: UInt64(112 + expert)), width: 20,
          seed: UInt64(120 + expert))
      }
    }
    return toy
  }

  static func options(full: Bool, _ analyses: [Analysis] = [.energy, .spectrum]) -> AnalysisOptions
  {
    var options = AnalysisOptions(analyses: analyses, fraction: 0.1)
    options.fullSpectrum = full
    return options
  }

  @Test("The effective rank of planted spectra, by its definition")
  func effectiveRank() async throws {
    let run = try await ToyRun(of: Self.toy(), options: Self.options(full: true))
    let energy = try run.table(.energy)
    for (expert, spectrum) in Self.spectra.enumerated() {
      let whole = spectrum.reduce(0) { $0 + $1 * $1 }
      let shares = spectrum.map { $0 * $0 / whole }
      let expected = exp(shares.reduce(0) { $1 > 0 ? $0 - $1 * log($1) : $0 })
      if expert < 2 { #expect(abs(expected - 20) <= 1e-12) }
      if expert == 5 { #expect(abs(expected - 4) <= 1e-12) }
      for rank in energy.numbers("effective_rank", ["expert": String(expert)]) {
        #expect(abs(rank - expected) <= 1e-5 * expected, "expert \(expert): \(rank)")
      }
    }
    // All r values of each expert, those of the shared one too.
    let spectrum = try run.table(.spectrum)
    #expect(spectrum.rowCount == 3 * (6 * 20 + 24))
    for (expert, planted) in Self.spectra.enumerated() {
      let found = spectrum.numbers(
        "sigma", ["projection": "up_proj", "expert": String(expert)])
      expectClose(found, planted, within: 1e-6 * planted[0])
    }
  }

  @Test("Without all values there is no effective rank and no spectra.h5")
  func leadingOnly() async throws {
    let run = try await ToyRun(of: Self.toy(), options: Self.options(full: false))
    #expect(try run.table(.energy).numbers("effective_rank").allSatisfy { $0.isNaN })
    #expect(try run.table(.spectrum).integers("index").max() == 16)
    #expect(try !filesByPath(under: run.folder.path).keys.contains("spectra.h5"))
  }

  @Test("Bands fill in the effective rank, the same as a full spectrum does")
  func withBands() async throws {
    let full = try await ToyRun(of: Self.toy(), options: Self.options(full: true))
    let bands = try await ToyRun(
      of: Self.toy(), options: Self.options(full: false, [.energy, .bands, .spectrum]))
    expectClose(
      try bands.table(.energy).numbers("effective_rank"),
      try full.table(.energy).numbers("effective_rank"), within: 1e-4)
    #expect(try bands.table(.spectrum).integers("index").max() == 16)
    #expect(try !filesByPath(under: bands.folder.path).keys.contains("spectra.h5"))
  }

  @Test("spectra.h5 has the numbers of the tables, and NaN for an expert that was left out")
  func file() async throws {
    var toy = try Self.toy()
    // Expert 5 has a rank of 4: k = 2 allows it. Expert 3 is damaged in one projection.
    toy.plant(Matrix(rowCount: 20, columnCount: 24), as: ToyCheckpoint.name(.up, ofExpert: 3))
    let gradients = try Projection.allCases.flatMap { projection in
      try (0..<5).map { expert in
        ToyTensor(
          ToyCheckpoint.name(projection, ofExpert: expert), .f32,
          projection == .down ? [24, 20] : [20, 24],
          values: try Matrix<Double>.projection(
            projection, spectrum: Self.spectra[2],
            stream: .orthonormal(24, 20, seed: UInt64(130 + expert)), width: 20, seed: 131
          ).elements)
      }
    }
    let run = try await ToyRun(
      of: toy, options: Self.options(full: true, [.spectrum, .gradients]), gradients: gradients,
      keepsGoing: true)
    let file = try HDF5File(path: "\(run.folder.path)/spectra.h5")
    #expect(file.skipped == [])
    let weights = Projection.allCases.flatMap {
      ["layers.0.\($0.rawValue).singular_values", "layers.0.\($0.rawValue).shared_singular_values"]
    }
    let ofGradients = Projection.allCases.map {
      "gradients.layers.0.\($0.rawValue).singular_values"
    }
    #expect(Set(file.tensors.map(\.name)) == Set(weights + ofGradients))
    let tables = [
      ("", try run.table(.spectrum)), ("gradients.", try run.table(.spectrum.ofGradients)),
    ]
    for (prefix, table) in tables {
      for projection in Projection.allCases.map(\.rawValue) {
        let name = "\(prefix)layers.0.\(projection).singular_values"
        let tensor = try #require(file.tensors.first { $0.name == name })
        #expect(tensor.shape == [6, 20])
        #expect(tensor.elementType == .f64)
        let values = try file.numbers(of: tensor)
        for expert in 0..<6 {
          let row = Array(values[expert * 20..<(expert + 1) * 20])
          let told = table.numbers(
            "sigma", ["projection": projection, "expert": String(expert)])
          let isLeftOut =
            prefix.isEmpty ? expert == 3 && projection == "up_proj" : expert == 5
          #expect(told.isEmpty == isLeftOut)
          if isLeftOut { #expect(row.allSatisfy { $0.isNaN }) } else { #expect(row == told) }
        }
      }
    }
    let shared = try #require(
      file.tensors.first { $0.name == "layers.0.down_proj.shared_singular_values" })
    #expect(shared.shape == [1, 24])
    #expect(
      try file.numbers(of: shared)
        == run.table(.spectrum).numbers("sigma", ["projection": "down_proj", "expert": "shared"]))
  }

  @Test("spectra.h5 has the same bytes each time")
  func sameBytes() async throws {
    let files = try await [
      ToyRun(of: Self.toy(), options: Self.options(full: true), width: 1),
      ToyRun(of: Self.toy(), options: Self.options(full: true), width: 5),
    ].map { try filesByPath(under: $0.folder.path)["spectra.h5"] }
    #expect(files[0] != nil)
    #expect(files[0] == files[1])
  }
}

extension HDF5File {
  /// All values of a tensor of double precision.
  fileprivate func numbers(of tensor: TensorDescription) throws -> [Double] {
    var values = [Double](repeating: 0, count: tensor.byteCount / 8)
    var span = values.mutableSpan
    // Safe: any bytes are sound numbers.
    var bytes = unsafe span.mutableBytes
    try read(rows: 0..<tensor.rowCount, of: tensor, into: &bytes)
    return values
  }
}
