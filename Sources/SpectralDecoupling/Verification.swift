public import Checkpoints
import Files
import Findings
import Foundation
import LinearAlgebra
import SafetensorsFiles
import TensorFiles
import Tensors
import Workers

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

/// Checks a converted checkpoint against its certificate.
///
/// The digests of all files and tensors have to agree exactly. Norms, residuals and similarities
/// are computed anew from the stored tensors, and have to agree within ``VerificationTolerance``.
/// The parts of an exact conversion are put together, and have to give the original's digests.
///
/// Norms and errors of the whole matrices, what strict mode dropped of them, their similarity
/// before the conversion, and the gaps and angle bounds of the bases can only be computed from the
/// original: without it, the certificate's own digest alone guards them. Gaps of bases that were
/// weighted by usage are guarded so in any case, and so are angle bounds where a similarity was the
/// target.
///
/// - Parameters:
///   - path: The folder that a conversion wrote.
///   - original: What was converted, where it is there: its digests have to agree too, and all that
///     the output does not tell is computed anew.
///   - width: How many matrices to work on at once.
/// - Returns: What was found; a failure is no error.
/// - Throws: ``DecouplingError/noCertificate(path:)``,
///   ``DecouplingError/badCertificate(path:reason:)``, and what prevents any verification.
/// - Complexity: One or two passes over the output; over the original as many as a conversion
///   takes.
public func verify(
  _ path: String, against original: Checkpoint? = nil, width: Int
) async throws -> VerificationReport {
  LinearAlgebraLibrary.useOneThread()
  return try await Verification(of: path, against: original, width: width).carryOut()
}

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

/// A row of the certificate's table.
struct CertificateRow: Sendable {
  let file: String
  let tensor: String
  let role: String
  let layer: Int?
  let projection: String
  let expert: Int?
  let type: String
  let byteCount: Int
  let sourceByteCount: Int
  let sha256: String
  let sourceSHA256: String
  let norm: Double
  let commonEnergy: Double
  let uniqueEnergy: Double
  let remainderEnergy: Double
  let dropped: Double
  let error: Double
  let leftResidual: Double
  let rightResidual: Double
  let corrections: Int

  private var elementType: ElementType { ElementType(rawValue: type) ?? .f32 }
  private var elementCount: Int { 8 * byteCount / elementType.bitCount }

  /// Whether this was merged from parts that had been rounded to 16 bits: from a factored
  /// checkpoint, of which alone no error is known.
  private var isOfRoundedParts: Bool {
    role == "merged" && error.isNaN && sourceByteCount < 4 * elementCount
  }

  /// How far the unique part that the stored matrix tells may be from the one that the numbers are
  /// of, as a Frobenius norm.
  ///
  /// - Parameters:
  ///   - stored: The norm of the stored matrix.
  ///   - unique: The norm of the unique part that it tells.
  ///   - isExact: Whether the matrix was projected to have it.
  /// - Returns: A bound in the unit of the matrix.
  func rounding(ofNorm stored: Double, unique: Double, isExact: Bool) -> Double {
    // The original itself.
    if role == "merged", isExact, sha256 == sourceSHA256 { return 0 }
    return RoundingBound.norm(of: elementType, norm: stored, count: elementCount)
      + roundingOfParts(unique: unique, isExact: isExact)
  }

  /// Likewise, for what of it a projection of the stored matrix does not take away again.
  func roundingAlongBases(ofNorm stored: Double, unique: Double, isExact: Bool) -> Double {
    role == "merged" && isExact
      ? roundingOfParts(unique: unique, isExact: isExact)
      : rounding(ofNorm: stored, unique: unique, isExact: isExact)
  }

  /// A projection takes away what rounding had left of the stored parts along the bases.
  private func roundingOfParts(unique: Double, isExact: Bool) -> Double {
    guard isOfRoundedParts, isExact else { return 0 }
    // Which type of 16 bits it was is not known.
    return [ElementType.bf16, .f16].reduce(0) {
      $0 + RoundingBound.norm(of: $1, norm: unique, count: elementCount)
    }
  }

  static func rows(of table: Table) -> [CertificateRow] {
    let texts = Dictionary(
      uniqueKeysWithValues: [
        "file", "tensor", "role", "layer", "projection", "expert", "dtype", "sha256",
        "source_sha256",
      ].map { ($0, table.texts($0)) })
    let numbers = Dictionary(
      uniqueKeysWithValues: [
        "norm", "common_energy", "unique_energy", "remainder_energy", "dropped",
        "reconstruction_error", "left_residual", "right_residual",
      ].map { ($0, table.numbers($0)) })
    let corrections = table.integers("corrections")
    let byteCounts = table.integers("bytes")
    let sourceByteCounts = table.integers("source_bytes")
    return (0..<table.rowCount).map { row in
      func text(_ column: String) -> String { texts[column]?[row] ?? "" }
      func number(_ column: String) -> Double { numbers[column]?[row] ?? .nan }
      return CertificateRow(
        file: text("file"), tensor: text("tensor"), role: text("role"), layer: Int(text("layer")),
        projection: text("projection"), expert: Int(text("expert")), type: text("dtype"),
        byteCount: byteCounts[row], sourceByteCount: sourceByteCounts[row], sha256: text("sha256"),
        sourceSHA256: text("source_sha256"), norm: number("norm"),
        commonEnergy: number("common_energy"), uniqueEnergy: number("unique_energy"),
        remainderEnergy: number("remainder_energy"), dropped: number("dropped"),
        error: number("reconstruction_error"), leftResidual: number("left_residual"),
        rightResidual: number("right_residual"), corrections: corrections[row])
    }
  }
}

/// The work of a verification.
struct Verification: Sendable {
  let path: String
  let certificate: Certificate
  let rows: [CertificateRow]
  let original: Checkpoint?
  let width: Int

  /// Reads what the certificate says.
  ///
  /// - Throws: ``DecouplingError/noCertificate(path:)`` and
  ///   ``DecouplingError/badCertificate(path:reason:)``.
  init(of path: String, against original: Checkpoint?, width: Int) throws {
    let certificate = try Certificate(ofFolder: path)
    let tablePath = "\(path)/\(Certificate.tableName)"
    guard let text = FileManager.default.contents(atPath: tablePath) else {
      throw DecouplingError.badCertificate(path: tablePath, reason: "is missing")
    }
    guard sha256(of: [UInt8](text)) == certificate.tableSHA256 else {
      throw DecouplingError.badCertificate(
        path: tablePath, reason: "does not have the digest that the certificate names")
    }
    let table = try Table(readingFrom: tablePath, as: .certificate)
    self.path = path
    self.certificate = certificate
    rows = CertificateRow.rows(of: table)
    self.original = original
    self.width = width
  }

  /// Compares the digests of all files and tensors.
  func digests() async throws -> (report: VerificationReport, files: [String: SafetensorsFile]) {
    var report = VerificationReport()
    checkFiles(&report)
    let files = openWeightFiles(&report)
    report.failures += try await checkTensors(in: files)
    report.tensorCount = rows.count
    return (report, files)
  }

  func carryOut() async throws -> VerificationReport {
    var (report, files) = try await digests()
    // Numbers of damaged tensors would only repeat it.
    guard report.failures.isEmpty else { return report }
    if let original { checkSource(original, &report) }
    let checkpoint = try Checkpoint(path: path)
    if checkpoint.form != nil {
      let problems = checkpoint.problems.filter(\.isOfTensors).map { "\($0)" }
      report.failures += problems
      guard problems.isEmpty else { return report }
    }
    for unit in certificate.units {
      let found = try await UnitVerification(
        verification: self, unit: unit, checkpoint: checkpoint, files: files
      ).carryOut()
      report.failures += found.failures
      report.untoldCount += found.untoldCount
      report.unitCount += 1
    }
    return report
  }

  /// Checks the files that are not weights, and lists those that are not spoken of.
  private func checkFiles(_ report: inout VerificationReport) {
    for file in certificate.files {
      report.fileCount += 1
      guard let data = FileManager.default.contents(atPath: "\(path)/\(file.name)") else {
        report.failures.append("\(file.name): is missing or cannot be read")
        continue
      }
      if sha256(of: [UInt8](data)) != file.sha256 {
        report.failures.append("\(file.name): its content is not what was written")
      }
    }
    let known = Set((certificate.files + certificate.weightFiles).map(\.name))
      .union([Certificate.name, Certificate.tableName])
    let names = (FileManager.default.enumerator(atPath: path)?.compactMap { $0 as? String }) ?? []
    report.strangers = names.filter {
      !known.contains($0) && FileStatus(at: "\(path)/\($0)")?.irregularKind == nil
    }.sorted()
  }

  private func openWeightFiles(_ report: inout VerificationReport) -> [String: SafetensorsFile] {
    var files: [String: SafetensorsFile] = [:]
    for known in certificate.weightFiles {
      report.fileCount += 1
      do {
        let file = try SafetensorsFile(path: "\(path)/\(known.name)")
        guard file.byteCount == known.bytes, sha256(of: try file.headerBytes()) == known.sha256
        else {
          report.failures.append("\(known.name): its size or header is not what was written")
          continue
        }
        files[known.name] = file
      } catch {
        report.failures.append("\(error)")
      }
    }
    return files
  }

  private func checkTensors(in files: [String: SafetensorsFile]) async throws -> [String] {
    let descriptions = files.mapValues { file in
      Dictionary(uniqueKeysWithValues: file.tensors.map { ($0.name, $0) })
    }
    let found = try await workSideBySide(
      count: rows.count, width: width, makeState: {}
    ) { [descriptions] _, place -> String? in
      let row = rows[place]
      // A file that is not sound has been told.
      guard let file = files[row.file] else { return nil }
      guard let tensor = descriptions[row.file]?[row.tensor] else {
        return "\(row.file): tensor '\(row.tensor)' is missing"
      }
      return try digest(of: tensor, in: file) == row.sha256
        ? nil : "\(row.file): tensor '\(row.tensor)' is not what was written"
    }
    let known = Set(rows.map { [$0.file, $0.tensor] })
    let unknown = files.keys.sorted().flatMap { name in
      (files[name]?.tensors ?? []).filter { !known.contains([name, $0.name]) }
        .map { "\(name): tensor '\($0.name)' is not spoken of in the certificate's table" }
    }
    return found.compactMap { $0 } + unknown
  }

  /// Checks that an original is what was converted.
  private func checkSource(_ original: Checkpoint, _ report: inout VerificationReport) {
    if (try? original.fingerprint()) != certificate.source.fingerprint {
      report.failures.append(
        "\(original.path): is not the checkpoint that was converted: its fingerprint is another")
    }
    for row in rows where row.role == "carried" {
      guard let place = original.stored(row.tensor),
        (try? digest(of: place.tensor, in: place.file)) == row.sourceSHA256
      else {
        report.failures.append(
          "\(original.path): tensor '\(row.tensor)' is not the one that was carried over")
        continue
      }
    }
  }
}

/// The digest of a tensor's bytes.
func digest(of tensor: TensorDescription, in file: any TensorFile) throws -> String {
  var digest = SHA256Digest()
  try forEachPiece(of: tensor, in: file) { bytes, _ in digest.update(bytes) }
  return digest.finish()
}
