import ArgumentParser
import Captures
import Checkpoints
import Experts
import Findings
import SpectralAnalysis

/// The options that say what is analysed and measured: all that results depend on, besides the
/// checkpoint.
struct AnalysisArguments: ParsableArguments {
  @OptionGroup var family: FamilyOption

  @OptionGroup var revision: RevisionOption

  @OptionGroup(title: "What is measured") var measures: MeasureOptions

  @OptionGroup(title: "Captures and gradients")
  var captured: CapturedOptions

  @Flag(
    help:
      "Leave out experts and sequences that cannot be measured, list them, and exit with 1 at the end."
  )
  var keepGoing = false

  /// Checks what the parser cannot.
  func check() throws {
    try measures.check()
    try captured.check(for: measures.analyses?.elements ?? [])
  }

  /// Opens what is analysed, and plans what is done with it.
  func plan(of checkpoint: String, isQuiet: Bool) throws -> AnalysisPlan {
    let inputs = AnalysisInputs(
      checkpoint: try Checkpoint(
        path: checkpoint, revision: revision.revision, family: family.chosen,
        expertWidth: measures.expertWidth),
      capture: try captured.captures.map {
        try Capture(path: $0, dropsRepeats: captured.dropRepeats)
      },
      gradients: try captured.gradients.map { try GradientFile(path: $0) })
    if !isQuiet { inputs.checkpoint.tellRemarks() }
    return try AnalysisPlan(
      for: inputs, options: try options(for: inputs), version: version, keepsGoing: keepGoing)
  }

  /// The options that change results.
  private func options(for inputs: AnalysisInputs) throws -> AnalysisOptions {
    var options = AnalysisOptions(
      analyses: measures.analyses?.elements ?? [],
      projections: measures.projections?.elements ?? Projection.allCases,
      fraction: measures.fraction, layers: try measures.layers(of: inputs.checkpoint))
    measures.enter(into: &options)
    captured.enter(into: &options)
    if measures.analyses == nil {
      options.analyses = try UsualAnalyses(of: inputs, options: options).analyses
    }
    return options
  }

  /// The words that say all of this of a plan that was made from it, for any machine that has the
  /// files in the same places: with absolute paths, and with what was left to the program.
  func words(of plan: AnalysisPlan) -> [String] {
    let inputs = plan.inputs
    var words = [absolutePath(inputs.checkpoint.path)]
    if let name = family.family {
      words += [
        "--family",
        inputs.checkpoint.chosenFamily?.contains(" ") == true ? absolutePath(name) : name,
      ]
    }
    if let capture = inputs.capture { words += ["--captures", absolutePath(capture.path)] }
    if let gradients = inputs.gradients { words += ["--gradients", absolutePath(gradients.path)] }
    if keepGoing { words.append("--keep-going") }
    return words + plan.manifest.options.arguments.split(separator: " ").map(String.init)
  }
}
