import Checkpoints
import Findings
import Foundation
import TensorFiles

/// What a conversion did, as `sdmoe-certificate.json` says it; its table has a row for each tensor.
struct Certificate: Codable, Sendable, Equatable {
  static let name = "sdmoe-certificate.json"
  static let tableName = "sdmoe-certificate.csv"

  /// What was converted.
  struct Source: Codable, Sendable, Equatable {
    /// One file of weights.
    struct File: Codable, Sendable, Equatable {
      let name: String
      let bytes: Int
    }
    let fingerprint: String
    let modelType: String
    let files: [File]
    /// Files that were not carried over: weights that were not in use, and hidden folders.
    let leftBehind: [String]
  }

  /// What was asked for.
  struct Options: Codable, Sendable, Equatable {
    let form: String
    let mode: String
    let bases: String
    let sides: String
    let weights: String
    let commonRankExact: Bool
    let targetSimilarity: Double?
    let dtype: String
    let certificate: String
  }

  /// What is known of a unit over all its experts.
  struct Unit: Codable, Sendable, Equatable {
    let layer: Int
    let projection: String
    let commonRank: Int
    let left: UnitRecord.Basis?
    let right: UnitRecord.Basis?
    let similarity: UnitRecord.Similarity?
    /// ||W_c||_F.
    let commonNorm: Double
    /// The largest of the experts' residuals and errors.
    let largestLeftResidual: Double
    let largestRightResidual: Double
    let largestReconstructionError: Double?
    /// sum ||Delta||_F^2 / sum ||W||_F^2: what strict mode drops.
    let remainderEnergy: Double?
    let corrections: Int
  }

  /// A file of the output.
  struct File: Codable, Sendable, Equatable {
    let name: String
    let bytes: Int
    /// Of the whole file, or of a weight file's header: its tensors have digests in the table.
    let sha256: String
  }

  let version: String
  /// Tells the conversion: the same input and options have the same.
  let conversion: String
  let source: Source
  let options: Options
  let units: [Unit]
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
    copy.sha256 = TensorFiles.sha256(of: Array(try copy.json().utf8))
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
    let path = "\(folder)/\(Self.name)"
    guard let data = FileManager.default.contents(atPath: path) else {
      throw DecouplingError.noCertificate(path: folder)
    }
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
    version: String, conversion: String, source: Source, options: Options, units: [Unit],
    files: [File], weightFiles: [File], bytesBefore: Int, bytesAfter: Int, tableSHA256: String
  ) {
    self.version = version
    self.conversion = conversion
    self.source = source
    self.options = options
    self.units = units
    self.files = files
    self.weightFiles = weightFiles
    self.bytesBefore = bytesBefore
    self.bytesAfter = bytesAfter
    self.tableSHA256 = tableSHA256
    sha256 = ""
  }
}

extension Certificate.Unit {
  init(_ record: UnitRecord) {
    layer = record.layer
    projection = record.projection
    commonRank = record.commonRank
    left = record.left
    right = record.right
    similarity = record.similarity
    commonNorm = record.commonNorm
    largestLeftResidual = record.experts.map(\.leftResidual).max() ?? 0
    largestRightResidual = record.experts.map(\.rightResidual).max() ?? 0
    largestReconstructionError = record.experts.compactMap(\.reconstructionError).max()
    let total = record.experts.reduce(0) { $0 + $1.norm * $1.norm }
    remainderEnergy =
      total > 0
      ? record.experts.reduce(0) { $0 + $1.remainderNorm * $1.remainderNorm } / total : nil
    corrections = record.experts.reduce(0) { $0 + $1.corrections }
  }
}

extension TableDefinition {
  /// One row for each tensor of a converted checkpoint.
  static let certificate = TableDefinition(
    name: "sdmoe-certificate",
    columns: [
      TableColumn("file", .text, "the file of the output that holds it"),
      TableColumn("tensor", .text, "its name"),
      TableColumn(
        "role", .text, "carried, unique, merged, or factor: bases, common parts, remainders"),
      TableColumn("layer", .text, "the layer, counted from 0; empty for what is carried"),
      TableColumn("projection", .text, "gate_proj, up_proj or down_proj, likewise"),
      TableColumn("expert", .text, "the expert, counted from 0; empty for other roles"),
      TableColumn("dtype", .text, "the type of its elements"),
      TableColumn("bytes", .integer, "its size"),
      TableColumn("source_bytes", .integer, "the size of what it was made of; 0 for factors"),
      TableColumn("sha256", .text, "the digest of its bytes"),
      TableColumn("source_sha256", .text, "the digest of what it was made of"),
      TableColumn("norm", .number, "Frobenius norm of W"),
      TableColumn("common_energy", .number, "squared norm of W_c over that of W"),
      TableColumn("unique_energy", .number, "squared norm of W_u over that of W"),
      TableColumn("remainder_energy", .number, "squared norm of Delta over that of W"),
      TableColumn(
        "dropped", .number, "norm of Delta over that of W where it is dropped, 0 where it is kept"),
      TableColumn("reconstruction_error", .number, "norm of W' - W over that of W"),
      TableColumn("left_residual", .number, "norm of U_c^T W_u over that of W_u"),
      TableColumn("right_residual", .number, "norm of W_u V_c over that of W_u"),
      TableColumn("corrections", .integer, "elements that are put right one by one"),
    ])
}
