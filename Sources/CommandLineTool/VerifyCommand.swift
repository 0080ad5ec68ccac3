import ArgumentParser
import Checkpoints
import SpectralDecoupling
import Workers

/// `sdmoe verify` — checks a converted checkpoint against its certificate.
struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check a converted checkpoint against its certificate.",
    discussion: """
      Digests of all files and tensors have to agree exactly, and the certificate's numbers are \
      computed anew from the tensors. Exits with 1 where anything differs.
      """)

  @Argument(help: "A folder that sdmoe convert wrote.", completion: .directory)
  var output: String

  @Option(
    help: ArgumentHelp("What was converted, to check against it too.", valueName: "checkpoint"),
    completion: .directory)
  var against: String?

  @OptionGroup var family: FamilyOption

  @OptionGroup var jobs: JobsOption

  @Flag(help: "Write the findings as JSON.")
  var json = false

  func run() async throws {
    let chosen = try family.chosen
    let report = try await verify(
      output, against: try against.map { try Checkpoint(path: $0, family: chosen) },
      family: chosen,
      workers: jobs.count)
    if json {
      try StandardOutput.write(
        jsonText(of: VerificationFindings(report, output: output, against: against)))
      if !report.failures.isEmpty { throw ExitCode.failure }
      return
    }
    for name in report.strangers {
      StandardError.write("warning: \(output)/\(name) is not spoken of in the certificate\n")
    }
    if report.untoldCount > 0 {
      StandardError.write(
        "warning: \(output): \(report.untoldCount) numbers are of parts that rounding has hidden, and are not checked; give the checkpoint that was converted with --against\n"
      )
    }
    guard report.failures.isEmpty else {
      let shown = report.failures.prefix(20)
      for failure in shown { StandardError.write("error: \(failure)\n") }
      if report.failures.count > shown.count {
        StandardError.write("and \(report.failures.count - shown.count) more\n")
      }
      throw ExitCode.failure
    }
    let text =
      "\(output): is what was written: \(report.fileCount) files, \(report.tensorCount) tensors and \(report.unitCount) units agree with the certificate"
    try StandardOutput.write(wordWrapped(text, width: 80).joined(separator: "\n"))
  }
}
