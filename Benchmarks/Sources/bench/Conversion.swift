import Foundation

extension Bench {
  /// The bytes of two full-size layers.
  private static let byteCount = 2 * 180 * 1408 * 2048 * 2

  /// A strict conversion to the merged form, every tensor hashed before and after, beside `cp` and
  /// `sync` of the same files.
  static func conversion(_ program: String, _ folder: String, _ target: String) throws {
    func remove() {
      for path in [target, "\(target).sdmoe-partial", "\(target)-copy"] {
        try? FileManager.default.removeItem(atPath: path)
      }
    }
    defer { remove() }
    try process(
      "convert 2 GB, strict, merged", program,
      [
        "convert", folder, "-o", target, "--mode", "strict", "--form", "merged", "--common-rank",
        "8", "--certificate", "basic", "--quiet",
      ], runs: 5, before: remove, rate: { gigabytes(byteCount, $0) })
    try process(
      "cp and sync (peer)", "/bin/sh",
      ["-c", "cp -r --reflink=never '\(folder)' '\(target)-copy' && sync"], runs: 5,
      before: remove, rate: { gigabytes(byteCount, $0) })
  }
}
