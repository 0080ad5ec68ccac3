import Files
import Foundation

/// A manifest as its file holds it: with a digest of its own words, so that an edit of any of them
/// shows.
///
/// What results depend on is also told by every unit; names and digests of the input are told here
/// alone. Builds that sealed nothing wrote no digest: their runs are read as they stand.
struct SealedManifest: Codable {
  let manifest: RunManifest
  private let seal: String?

  private enum CodingKeys: String, CodingKey { case seal }

  /// Seals a manifest.
  init(_ manifest: RunManifest) throws {
    self.manifest = manifest
    seal = try Self.digest(of: manifest)
  }

  /// Reads the file's content; nil where it is damaged or of another version.
  init?(file: Data) {
    guard let read = try? JSONDecoder().decode(Self.self, from: file) else { return nil }
    self = read
  }

  init(from decoder: any Decoder) throws {
    manifest = try RunManifest(from: decoder)
    seal = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(
      String.self, forKey: .seal)
  }

  func encode(to encoder: any Encoder) throws {
    try manifest.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encodeIfPresent(seal, forKey: .seal)
  }

  /// Whether the manifest is as it was sealed, or never was.
  var isAsWritten: Bool {
    get throws { try seal == nil || seal == Self.digest(of: manifest) }
  }

  /// The text of the file.
  var json: String { get throws { try manifestText(of: self) } }

  /// The state of units is derived from what lies there, whatever the file says.
  private static func digest(of manifest: RunManifest) throws -> String {
    sha256(of: Array(try manifestText(of: manifest.withOpenUnits).utf8))
  }
}

/// A manifest's values in the form of its file.
func manifestText(of value: some Encodable) throws -> String {
  let encoder = JSONEncoder()
  encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
  return String(decoding: try encoder.encode(value), as: UTF8.self) + "\n"
}
