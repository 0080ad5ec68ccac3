import ArgumentParser
import Findings

/// Tells what a finished run shows, on standard output, and what was left out of it.
///
/// - Parameters:
///   - folder: The run.
///   - isJSON: Whether it is told as JSON, for scripts.
///   - isQuiet: Whether what is no failure goes without a word.
/// - Throws: `ExitCode.failure` where something could not be measured; `FindingsError` for damaged
///   tables.
func tellFindings(of folder: RunFolder, asJSON isJSON: Bool, isQuiet: Bool) throws {
  let findings = try RunFindings(of: folder)
  try StandardOutput.write(
    isJSON
      ? try jsonText(of: findings)
      : ((folder.manifest.partText.map { wordWrapped($0) } ?? [])
        + [RunSummary(of: findings).text]).joined(separator: "\n"))
  try tellLeftOut(in: folder, isQuiet: isQuiet)
}

/// Lists what was left out.
///
/// An expert without a gradient is no failure: it saw no token, or too few.
private func tellLeftOut(in folder: RunFolder, isQuiet: Bool) throws {
  if let leftOut = try folder.table(.leftOut.ofGradients), !isQuiet {
    let count = leftOut.rowCount == 1 ? "1 gradient was" : "\(leftOut.rowCount) gradients were"
    let text =
      try folder.table(.energy.ofGradients) == nil
      ? "all \(leftOut.rowCount) gradients were left out, as if no backward pass had filled them"
      : "\(count) left out, of experts that saw too few tokens or none"
    StandardError.write("\(text): tables/gradient_left_out.csv\n")
  }
  guard let leftOut = try folder.table(.leftOut) else { return }
  let lines = leftOut[LeftOutParts.reason].map { "- \($0)\n" }.joined()
  StandardError.write("left out, and listed in tables/left_out.csv:\n\(lines)")
  throw ExitCode.failure
}
