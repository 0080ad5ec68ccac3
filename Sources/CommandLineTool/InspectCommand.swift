import ArgumentParser
import Checkpoints
import Foundation

/// `sdmoe inspect` — says what a checkpoint holds and whether it is sound, from headers alone.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "Say what is in a checkpoint, and whether it is sound.",
    discussion: """
      Reads config.json and the headers of the weight files, not the weights. The verdict is PASS where \
      'sdmoe analyze' can read every expert, and FAIL, with exit code 1, where it cannot.
      """)

  @Argument(
    help: .checkpoint, completion: .checkpoint)
  var checkpoint: String

  @OptionGroup var family: FamilyOption

  @OptionGroup var revision: RevisionOption

  @Flag(help: "Write the findings as JSON.")
  var json = false

  func run() throws {
    let report = InspectionReport(
      ofCheckpointAt: checkpoint, revision: revision.revision, family: try family.chosen)
    try StandardOutput.write(json ? try jsonText(of: report) : report.text)
    if report.verdict == .fail { throw ExitCode.failure }
  }
}
