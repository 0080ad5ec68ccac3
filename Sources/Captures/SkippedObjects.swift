import TensorFiles

/// Something in an HDF5 file that is no tensor.
struct SkippedObject {
  /// The names that lead to it from the root; dotted names count as several.
  let steps: [String]
  /// Why it was left out.
  let reason: String
}

/// What a file holds that is no tensor.
func skippedObjects(of stored: StoredTensors) -> [SkippedObject] {
  stored.skipped.compactMap { entry in
    guard let colon = entry.firstRange(of: ": ") else { return nil }
    return SkippedObject(
      steps: nameSteps(String(entry[..<colon.lowerBound])),
      reason: String(entry[colon.upperBound...]))
  }
}

/// A name's parts, be they parted by dots or by slashes.
func nameSteps(_ name: String) -> [String] {
  name.drop { $0 == "/" }
    .split(omittingEmptySubsequences: false) { $0 == "." || $0 == "/" }
    .map(String.init)
}
