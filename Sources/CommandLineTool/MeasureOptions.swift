import ArgumentParser
import Checkpoints
import Experts
import SpectralAnalysis

/// What of a checkpoint is measured.
struct MeasureOptions: ParsableArguments {
  @Option(
    name: .customLong("layers"),
    help: ArgumentHelp(
      "The layers to measure, such as 0-3,7. (default: all that have experts)", valueName: "list"),
    transform: LayerSelection.init(words:))
  var layerLists: [LayerSelection] = []

  @Flag(
    help:
      "Measure the layers past the model's own too, which predict further tokens; --layers names single ones by their numbers."
  )
  var mtp = false

  @Option(
    help: ArgumentHelp(
      "The width of the experts to measure, where layers have several. (default: the first in config.json)",
      valueName: "width"))
  var expertWidth: Int?

  @Option(
    name: .customLong("projections"),
    help: ArgumentHelp(
      "The projections to measure, such as gate,up: any of gate, up and down. (default: all)",
      valueName: "list"), completion: WordList.completion(of: WordList<Projection>.known),
    transform: WordList<Projection>.init(words:))
  var projectionLists: [WordList<Projection>] = []

  @Option(
    help: ArgumentHelp(
      "The share of singular directions that counts as the top, over 0 and at most 1.",
      valueName: "share"))
  var fraction = 0.01

  @Option(
    name: .customLong("analyses"),
    help: ArgumentHelp(
      """
      The analyses, such as energy,bands: any of \
      \(Analysis.allCases.dropLast().map(\.rawValue).joined(separator: ", ")) and \
      \(Analysis.gradients.rawValue). (default: energy, spectrum, similarity and router; with \
      captures or gradients all that these allow, and bands)
      """, valueName: "list"), completion: WordList.completion(of: WordList<Analysis>.known),
    transform: WordList<Analysis>.init(words:))
  var analysisLists: [WordList<Analysis>] = []

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

  // An option that is given twice means what both say.

  /// The layers; nil for all.
  var layers: LayerSelection? { LayerSelection(allOf: layerLists) }

  /// The projections; nil for all.
  var projections: WordList<Projection>? { WordList(allOf: projectionLists) }

  /// The analyses; nil for the usual ones.
  var analyses: WordList<Analysis>? { WordList(allOf: analysisLists) }

  /// Whether there is a projection that sees an expert's input.
  var hasInputSide: Bool {
    (projections?.elements ?? Projection.allCases).contains { $0.hiddenSideIsRight }
  }

  /// The layers of a checkpoint that are measured; nil for all of the decoder's.
  ///
  /// - Throws: `ValidationError` where layers past them are asked for, but there are none.
  func layers(of checkpoint: Checkpoint) throws -> [Int]? {
    guard mtp else { return layers?.numbers }
    let further = checkpoint.furtherLayers.map(\.index)
    guard !further.isEmpty else {
      let widths = checkpoint.otherWidthsPastLayers
      guard widths.isEmpty else {
        throw ValidationError(
          "--mtp: \(checkpoint.path) has experts past its \(checkpoint.sizes.layerCount) layers, but of width \(rangesText(widths)), not \(checkpoint.sizes.expertWidth); choose with --expert-width"
        )
      }
      throw ValidationError(
        "--mtp: \(checkpoint.path) has no experts past its \(checkpoint.sizes.layerCount) layers; leave it out"
      )
    }
    return (layers?.numbers ?? checkpoint.layers.map(\.index)) + further
  }

  /// Writes what was given into the options of an analysis.
  func enter(into options: inout AnalysisOptions) {
    options.part = part?.part
    options.fullSpectrum = fullSpectrum
    options.groupExcess = groupExcess
  }

  /// Checks what the parser cannot.
  func check() throws {
    guard fraction > 0, fraction <= 1 else {
      throw ValidationError("--fraction is \(fraction), but must be over 0 and at most 1")
    }
    if let expertWidth, expertWidth < 1 {
      throw ValidationError("--expert-width is \(expertWidth), but must be at least 1")
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
