import SpectralDecoupling

/// What `sdmoe verify --json` tells, for scripts.
struct VerificationFindings: Encodable {
  var output: String
  var against: String?
  var verdict: Verdict
  /// Each as where, what, and what was expected.
  var failures: [String]
  /// Files that the certificate does not speak of.
  var strangers: [String]
  /// How many numbers could not be checked without the checkpoint that was converted.
  var uncheckedNumbers: Int
  /// How many of each agree with the certificate, or were compared with it.
  var files, tensors, units: Int

  init(_ report: VerificationReport, output: String, against: String?) {
    self.output = output
    self.against = against
    verdict = report.failures.isEmpty ? .pass : .fail
    failures = report.failures
    strangers = report.strangers
    uncheckedNumbers = report.untoldCount
    files = report.fileCount
    tensors = report.tensorCount
    units = report.unitCount
  }
}
