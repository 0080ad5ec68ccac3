public import Captures
public import Findings

extension CapturedRows {
  /// What the manifest says of rows that are no tokens, or may be none; nil where there are none.
  public var recorded: RunManifest.CapturedRows? {
    guard paddingCount + blankCount + repeatedCount + sameTokenCount > 0 else { return nil }
    return RunManifest.CapturedRows(
      stored: storedCount, padding: paddingCount, paddingTensor: paddingTensor,
      seemsInverted: seemsInverted ? true : nil,
      zeros: blankCount, zerosTensor: blankTensor, repeats: repeatedCount,
      dropsRepeats: dropsRepeats, sameTokens: sameTokenCount > 0 ? sameTokenCount : nil,
      sameToken: sameToken)
  }
}
