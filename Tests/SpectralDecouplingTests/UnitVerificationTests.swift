import Checkpoints
import Experts
import Foundation
import SpectralDecoupling
import TestSupport
import Tensors
import Testing

/// Checks that sound outputs of every rounding pass, and that a number changed by 0.05 does not.
@Suite struct UnitVerificationTests {
  /// What is stored, and how hard it is to tell the unique parts from it.
  struct Stored: Sendable, CustomTestStringConvertible {
    let type: ElementType
    let scale: Double
    let isNearlyLowRank: Bool
    let form: ConversionOptions.Form
    let mode: SDMoEForm.Mode
    let storedType: ConversionOptions.StoredType

    var testDescription: String {
      "\(type)\(isNearlyLowRank ? " nearly of low rank" : "") times \(scale), \(form) \(mode) \(storedType)"
    }

    var toy: ToyCheckpoint {
      var toy = SplitToy.toy(isNearlyLowRank: isNearlyLowRank, type: .f32)
      toy.tensors = toy.tensors.map { tensor in
        guard tensor.name.contains(".experts."), let matrix = toy.stored[tensor.name]?.matrix else {
          return tensor
        }
        return ToyTensor(
          tensor.name, type, tensor.description.shape,
          values: matrix.elements.map { scale * $0 })
      }
      return toy
    }

    var options: ConversionOptions {
      var options = ConversionOptions()
      options.rank = .fixed(SplitToy.rank)
      options.form = form
      options.mode = mode
      options.storedType = storedType
      return options
    }
  }

  static let bf16 = [true, false].flatMap { isNearlyLowRank in
    [ConversionOptions.Form.factored, .merged].flatMap { form in
      SDMoEForm.Mode.allCases.flatMap { mode in
        [ElementType.bf16, .f32].map { type in
          Stored(
            type: type, scale: 1, isNearlyLowRank: isNearlyLowRank, form: form, mode: mode,
            storedType: .bf16)
        }
      }
    }
  }

  /// F16 with elements from a few of its smallest numbers, 6e-8, to ordinary ones.
  static let f16 = [5e-6, 2e-5, 1e-2].flatMap { scale in
    [ConversionOptions.Form.factored, .merged].flatMap { form in
      SDMoEForm.Mode.allCases.map { mode in
        Stored(
          type: .f16, scale: scale, isNearlyLowRank: false, form: form, mode: mode,
          storedType: .keep)
      }
    }
  }

  @Test("Every rounding passes; with the original nothing is hidden", arguments: bf16 + f16)
  func sound(stored: Stored) async throws {
    let made = try await ToyConversion(of: stored.toy, stored.options)
    try await made.expectSound()
    let report = try await verify(
      made.output, against: Checkpoint(path: made.input.path), workers: 2)
    #expect(report.untoldCount == 0)
  }

  @Test(
    "A number of the table that was changed by 0.05 fails against the original",
    arguments: bf16 + f16)
  func table(stored: Stored) async throws {
    var options = stored.options
    options.detail = .basic
    let made = try await ToyConversion(of: stored.toy, options)
    let original = try Checkpoint(path: made.input.path)
    let certificate = CertificateFile(folder: made.output)
    let saved = try filesByPath(under: made.output)
    let weight = ToyCheckpoint.name(.up, ofExpert: 1)
    let tensor =
      stored.form == .factored ? FactoredExpertNames(weight: weight).unique : weight
    for column in [
      "unique_energy", "common_energy", "remainder_energy", "dropped", "left_residual",
      "right_residual",
      "reconstruction_error", "norm",
    ] {
      let old = try certificate.number(column, of: tensor)
      let new = column == "norm" ? 1.05 * old : old + 0.05
      try certificate.forge(column, of: tensor, as: "\(new)")
      let report = try await verify(made.output, against: original, workers: 2)
      #expect(report.failures.contains { $0.contains("'\(tensor)'") }, "\(column)")
      // Alone the output finds it, or says that it cannot.
      if !["reconstruction_error", "norm"].contains(column) {
        let alone = try await verify(made.output, workers: 2)
        #expect(
          alone.untoldCount > 0 || alone.failures.contains { $0.contains("'\(tensor)'") },
          "\(column)")
      }
      for name in ["sdmoe/certificate.json", "sdmoe/certificate.csv"] {
        try saved[name]?.write(to: URL(filePath: "\(made.output)/\(name)"))
      }
    }
  }

  @Test(
    "A similarity after that was changed by 0.05 fails, whatever rounding left",
    arguments: bf16 + f16)
  func similarityAfter(stored: Stored) async throws {
    let made = try await ToyConversion(of: stored.toy, stored.options)
    for change in [0.05, -0.05] {
      let saved = try CertificateFile(folder: made.output).text()
      try forge("after", in: made.output) { "\((Double($0) ?? 0) + change)" }
      let failures = try await verify(made.output, workers: 2).failures
      #expect(failures.contains { $0.contains("the similarity of the unique parts") })
      try Data(saved.utf8).write(to: URL(filePath: "\(made.output)/sdmoe/certificate.json"))
    }
  }

  /// Changes the first number of that name, and seals the certificate again.
  private func forge(_ member: String, in folder: String, _ change: (String) -> String) throws {
    let certificate = CertificateFile(folder: folder)
    let text = try certificate.text()
    let start = try #require(text.range(of: "\"\(member)\" : "))
    let end = try #require(text[start.upperBound...].firstIndex { ",\n".contains($0) })
    let new = change(String(text[start.upperBound..<end]))
    try certificate.forge { $0.replacingCharacters(in: start.upperBound..<end, with: new) }
  }

  @Test(
    "What only the original tells fails against it",
    arguments: [
      ("before", "the similarity of the whole matrices"), ("gap", "the gap behind"),
      ("angleBound", "the angle bound of"), ("pairs", "the number of pairs"),
    ], SDMoEForm.Bases.allCases)
  func originalAlone(member: (name: String, words: String), bases: SDMoEForm.Bases) async throws {
    var toy = ToyCheckpoint.normal(experts: 3, hidden: 24, width: 20, type: .f32)
    toy.plant((0..<3).map { Matrix<Double>.normal(20, 24, seed: 80 + $0) }, as: .gate)
    var options = ConversionOptions()
    options.rank = .fixed(4)
    options.bases = bases
    let made = try await ToyConversion(of: toy, options)
    try await made.expectSound()
    try forge(member.name, in: made.output) { old in
      Int(old).map { "\($0 + 1)" } ?? "\((Double(old) ?? 0) + 0.05)"
    }
    let report = try await verify(
      made.output, against: Checkpoint(path: made.input.path), workers: 2)
    #expect(report.failures.count == 1)
    #expect(report.failures.allSatisfy { $0.contains(member.words) })
  }

  @Test("Bases that were iterated, searched for or weighted pass against the original")
  func otherBases() async throws {
    let large = ToyCheckpoint.normal(experts: 3, hidden: 24, width: 530, type: .f32)
    try await ToyConversion(of: large, .basic(rank: 3)).expectSound()
    let small = ToyCheckpoint.normal(experts: 3, hidden: 24, width: 20, type: .f32)
    var options = ConversionOptions()
    options.rank = .target(similarity: 0.9, limit: 6)
    try await ToyConversion(of: small, options).expectSound()
    options.rank = .fixed(3)
    options.weights = .usage(loads: [0: [1, 5, 2]], source: "captures")
    try await ToyConversion(of: small, options).expectSound()
  }
}
