/// What the verification of a converted checkpoint found.
public struct VerificationReport: Sendable {
  /// What does not agree with the certificate, each as where, what, and what was expected; empty
  /// where all does.
  public internal(set) var failures: [String] = []
  /// How many files were checked.
  public internal(set) var fileCount = 0
  /// How many tensors were checked.
  public internal(set) var tensorCount = 0
  /// How many units' numbers were computed anew.
  public internal(set) var unitCount = 0
  /// How many numbers of the certificate are of parts that rounding has hidden in the output, so
  /// that only the original could tell them.
  public internal(set) var untoldCount = 0
  /// Files in the folder that the certificate does not speak of.
  public internal(set) var strangers: [String] = []
}
