import Foundation

/// The family that a user names instead of the one that `model_type` means.
///
/// ```swift
/// let family = try ChosenFamily("qwen3_moe")  // or a path, such as "mine.json"
/// let checkpoint = try Checkpoint(path: folder, family: family)
/// ```
public struct ChosenFamily: Sendable {
  let family: Family
  let catalogue: FamilyCatalogue
  /// What tells the description from any other: the name of a family that is built in, or the name
  /// in a file with the digest of the file.
  public let identity: String
  /// The file that describes it; nil for a family that is built in.
  private(set) var file: String?

  /// Finds a family.
  ///
  /// - Parameter text: The name or a `model_type` of a family that is built in, or the path of a file
  ///   that describes one.
  /// - Throws: ``CheckpointError/unknownFamily(name:known:)`` where it is neither,
  ///   ``CheckpointError/badFamily(path:key:reason:)`` and
  ///   ``CheckpointError/unreadable(path:reason:)``.
  public init(_ text: String) throws(CheckpointError) {
    let builtIn = FamilyCatalogue.builtIn
    if let family = builtIn.family(named: text) {
      (self.family, catalogue, identity) = (family, builtIn, family.id)
      return
    }
    guard FileManager.default.fileExists(atPath: text) else {
      throw .unknownFamily(name: text, known: builtIn.families.map(\.id))
    }
    let (file, digest) = try FamilyFile.read(text)
    family = file.family
    catalogue = builtIn.adding(file)
    identity = "\(family.id) \(digest)"
    self.file = text
    if let lost = catalogue.lostReference(of: family) {
      throw .badFamily(path: text, key: "families[0].\(lost.key)", reason: lost.reason)
    }
  }

  fileprivate init(family: Family, catalogue: FamilyCatalogue, identity: String) {
    self.family = family
    self.catalogue = catalogue
    self.identity = identity
  }
}

extension Checkpoint {
  /// The family that it is read as, so that what is made of it can be read likewise.
  package var familyInUse: ChosenFamily {
    ChosenFamily(
      family: survey.family, catalogue: survey.catalogue, identity: chosenFamily ?? family)
  }
}
