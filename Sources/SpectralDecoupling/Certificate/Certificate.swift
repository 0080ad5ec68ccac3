import Checkpoints
import Experts
import Findings
import Foundation
import Files

/// What a conversion did, as `sdmoe/certificate.json` says it; its table has a row for each tensor.
struct Certificate: Codable, Sendable, Equatable {
  /// What was converted.
  struct Source: Codable, Sendable, Equatable {
    /// One file of weights.
    struct File: Codable, Sendable, Equatable {
      let name: String
      let bytes: Int
    }
    let fingerprint: String
    /// The digest of all that was read, tensor by tensor.
    let content: String
    let modelType: String
    let files: [File]
    /// Files that were not carried over: weights that were not in use, and hidden folders.
    let leftBehind: [String]
  }

  /// What was asked for.
  struct Options: Codable, Sendable, Equatable {
    let form: ConversionOptions.Form
    let mode: SDMoEForm.Mode
    let bases: SDMoEForm.Bases
    let sides: SDMoEForm.Sides
    let weights: SDMoEForm.ExpertWeights
    let commonRankExact: Bool
    let targetSimilarity: Double?
    let dtype: ConversionOptions.StoredType
    let certificate: ConversionOptions.Detail
  }

  /// A file of the output.
  struct File: Codable, Sendable, Equatable {
    let name: String
    let bytes: Int
    /// Of the whole file, or of a weight file's header: its tensors have digests in the table.
    let sha256: String
  }

  let version: String
  /// Tells the conversion: options, and names and shapes of the input; its content is told beside.
  let conversion: String
  let source: Source
  let options: Options
  /// Nil where the checkpoint had plain numbers.
  let decoded: DecodedTensors?
  let units: [CertifiedUnit]
  let files: [File]
  let weightFiles: [File]
  let bytesBefore: Int
  let bytesAfter: Int
  /// The digest of the table.
  let tableSHA256: String
  /// The digest of this file with nothing here.
  var sha256: String

  /// The certificate as the text of its file, with its own digest.
  func sealed() throws -> String {
    var copy = self
    copy.sha256 = ""
    copy.sha256 = Files.sha256(of: Array(try copy.json().utf8))
    return try copy.json()
  }

  private func json() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(self), as: UTF8.self) + "\n"
  }

  /// Reads the certificate of a folder, and checks its own digest.
  ///
  /// - Throws: ``DecouplingError/noCertificate(path:)`` and
  ///   ``DecouplingError/badCertificate(path:reason:)``.
  init(ofFolder folder: String) throws {
    guard let own = OwnFiles(of: folder),
      let data = FileManager.default.contents(atPath: "\(folder)/\(own.certificate)")
    else { throw DecouplingError.noCertificate(path: folder) }
    let path = "\(folder)/\(own.certificate)"
    guard let read = try? JSONDecoder().decode(Certificate.self, from: data) else {
      throw DecouplingError.badCertificate(
        path: path, reason: "is no certificate of this version of sdmoe")
    }
    guard try read.sealed() == String(decoding: data, as: UTF8.self) else {
      throw DecouplingError.badCertificate(
        path: path, reason: "its content does not have the digest that it names")
    }
    self = read
  }

  init(
    version: String, conversion: String, source: Source, options: Options, decoded: DecodedTensors?,
    units: [CertifiedUnit],
    files: [File], weightFiles: [File], bytesBefore: Int, bytesAfter: Int, tableSHA256: String
  ) {
    self.version = version
    self.conversion = conversion
    self.source = source
    self.options = options
    self.decoded = decoded
    self.units = units
    self.files = files
    self.weightFiles = weightFiles
    self.bytesBefore = bytesBefore
    self.bytesAfter = bytesAfter
    self.tableSHA256 = tableSHA256
    sha256 = ""
  }
}
