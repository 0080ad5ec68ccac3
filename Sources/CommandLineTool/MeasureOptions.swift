import ArgumentParser
import Checkpoints
import SpectralAnalysis

/// What of a checkpoint is measured.
struct MeasureOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The layers to measure, such as 0-3,7. (default: all that have experts)", valueName: "list"))
  var layers: LayerSelection?

  @Option(
    help: ArgumentHelp(
      "The projections to measure, such as gate,up: any of gate, up and down. (default: all)",
      valueName: "list"))
  var projections: ProjectionList?

  @Option(
    help: ArgumentHelp(
      "The share of singular directions that counts as the top, over 0 and at most 1.",
      valueName: "share"))
  var fraction = 0.01

  @Option(
    help: ArgumentHelp(
      """
      The analyses, such as energy,bands: any of \
      \(Analysis.allCases.dropLast().map(\.rawValue).joined(separator: ", ")) and \
      \(Analysis.gradients.rawValue). (default: energy, spectrum, similarity and router; with \
      captures or gradients all that these allow, and bands)
      """, valueName: "list"))
  var analyses: AnalysisList?

  @Option(
    help: ArgumentHelp(
      "What is measured of routed experts: unique, the parts that a checkpoint in factored SD-MoE form holds, or whole, the weights of an ordinary one. (default: what the checkpoint holds)",
      valueName: "part"))
  var part: PartChoice?

  @Flag(help: "Tell all singular values and the effective rank, and write spectra.h5 too.")
  var fullSpectrum = false

  @Option(
    help: ArgumentHelp(
      "Experts are in one group from this mean excess of similarity on: 0 is chance, 1 the same directions.",
      valueName: "value"))
  var groupExcess = 0.5

  /// Whether there is a projection that sees an expert's input.
  var hasInputSide: Bool {
    (projections?.elements ?? Projection.allCases).contains { $0.hiddenSideIsRight }
  }

  /// Checks what the parser cannot.
  func check() throws {
    guard fraction > 0, fraction <= 1 else {
      throw ValidationError("--fraction is \(fraction), but must be over 0 and at most 1")
    }
    guard groupExcess > 0, groupExcess <= 1 else {
      throw ValidationError("--group-excess is \(groupExcess), but must be over 0 and at most 1")
    }
    if let blind = analyses?.elements.first(where: { $0.needsInputSide }), !hasInputSide {
      throw ValidationError(
        "--analyses \(blind.rawValue) measures gate and up only, but --projections names neither")
    }
  }
}

/// A part of the experts' weights by name.
struct PartChoice: ExpressibleByArgument {
  let part: ExpertPart

  init?(argument: String) {
    guard let part = ExpertPart(rawValue: argument) else { return nil }
    self.part = part
  }
}
