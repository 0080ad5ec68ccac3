/// How far numbers that are computed anew may be from those of the certificate.
///
/// To each of these comes what rounding to the stored type can change at most: half a unit in the
/// last place of every element, or half the smallest number of the type. Where that makes the limit
/// wider than ``widest``, the output does not tell the number: it is compared where the original is
/// given, and counted in ``VerificationReport/untoldCount`` otherwise.
public enum VerificationTolerance {
  /// Absolute for energies, which are shares of ||W||^2, and relative above one; relative for
  /// norms.
  public static let norm = 1e-5
  /// Absolute, for residuals of unique parts.
  public static let residual = 1e-5
  /// Absolute, for mean similarities of unique parts as they are stored: rounding is part of them.
  ///
  /// Where they are told from merged matrices it counts in units of a matrix's norm over that of its
  /// unique part, up to ``widest``.
  public static let similarity = 1e-4
  /// Absolute, for s_(k+1) / s_k, the inverse of a basis's gap.
  public static let inverseGap = 1e-3
  /// The widest limit within which a number counts as compared: one that was changed by 0.05 fails.
  public static let widest = 0.04
}
