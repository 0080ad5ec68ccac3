public import Checkpoints
import Files
import Findings
import Foundation
import LinearAlgebra
import SafetensorsFiles
import TensorFiles
import Tensors
import Workers

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
///   - family: The family to read the folder as; nil for the one that its `model_type` means.
///   - workers: How many matrices to work on at once.
/// - Returns: What was found; a failure is no error.
/// - Throws: ``DecouplingError/noCertificate(path:)``,
///   ``DecouplingError/badCertificate(path:reason:)``, and what prevents any verification.
/// - Complexity: One or two passes over the output; over the original as many as a conversion
///   takes.
public func verify(
  _ path: String, against original: Checkpoint? = nil, family: ChosenFamily? = nil, workers: Int
) async throws -> VerificationReport {
  let workers = try LinearAlgebraLibrary.start(threads: workers)
  return try await Verification(
    of: path, against: original, family: family, pool: WorkerPool(count: workers)
  ).carryOut()
}

/// The work of a verification.
struct Verification: Sendable {
  let path: String
  let certificate: Certificate
  let own: OwnFiles
  let rows: [CertificateRow]
  let original: Checkpoint?
  let family: ChosenFamily?
  let pool: WorkerPool

  /// Reads what the certificate says.
  ///
  /// - Throws: ``DecouplingError/noCertificate(path:)`` and
  ///   ``DecouplingError/badCertificate(path:reason:)``.
  init(
    of path: String, against original: Checkpoint?, family: ChosenFamily? = nil, pool: WorkerPool
  ) throws {
    let certificate = try Certificate(ofFolder: path)
    guard let own = OwnFiles(of: path) else { throw DecouplingError.noCertificate(path: path) }
    let tablePath = "\(path)/\(own.table)"
    guard let text = FileManager.default.contents(atPath: tablePath) else {
      throw DecouplingError.badCertificate(path: tablePath, reason: "is missing")
    }
    guard sha256(of: [UInt8](text)) == certificate.tableSHA256 else {
      throw DecouplingError.badCertificate(
        path: tablePath, reason: "does not have the digest that the certificate names")
    }
    let table = try Table(readingFrom: tablePath, as: CertifiedTensors.table)
    self.path = path
    self.certificate = certificate
    self.own = own
    rows = CertificateRow.rows(of: table)
    self.original = original
    self.family = family
    self.pool = pool
  }

  /// Compares the digests of all files and tensors.
  func digests() async throws -> (report: VerificationReport, files: [String: SafetensorsFile]) {
    var report = VerificationReport()
    checkFiles(&report)
    let files = openWeightFiles(&report)
    report.failures += try await checkTensors(in: files)
    report.tensorCount = Set(rows.map { [$0.file, $0.wholeTensor] }).count
    return (report, files)
  }

  func carryOut() async throws -> VerificationReport {
    var (report, files) = try await digests()
    // Numbers of damaged tensors would only repeat it.
    guard report.failures.isEmpty else { return report }
    if let original {
      if let sentence = otherForm(of: original) {
        report.failures.append(sentence)
        return report
      }
      try await checkSource(original, &report)
    }
    let checkpoint = try Checkpoint(path: path, family: family)
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
    report.strangers = certificate.strangers(in: path)
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
    let isWhole = rows.map { descriptions[$0.file]?[$0.tensor] != nil }
    let shares = try sharesOfTensors(
      isNeeded: zip(rows, isWhole).contains { !$1 && $0.tensor != $0.wholeTensor })
    let found = try await pool.map(count: rows.count, makeMemory: { WeightReader() }) {
      [descriptions] reader, place -> String? in
      let row = rows[place]
      // A file that is not sound has been told.
      guard let file = files[row.file] else { return nil }
      let digest: String
      if let tensor = descriptions[row.file]?[row.tensor] {
        digest = try file.digest(of: tensor)
      } else if descriptions[row.file]?[row.wholeTensor] != nil, let share = shares[row.tensor] {
        digest = try StoredElements(share, readBy: &reader).digest
      } else {
        return "\(row.file): tensor '\(row.tensor)' is missing"
      }
      return digest == row.sha256
        ? nil : "\(row.file): tensor '\(row.tensor)' is not what was written"
    }
    let known = Set(
      zip(rows, isWhole).map { [$0.file, $1 ? $0.tensor : $0.wholeTensor] })
    let unknown = files.keys.sorted().flatMap { name in
      (files[name]?.tensors ?? []).filter { !known.contains([name, $0.name]) }
        .map { "\(name): tensor '\($0.name)' is not spoken of in the certificate's table" }
    }
    return found.compactMap { $0 } + unknown
  }

  /// The experts' matrices that lie in tensors with others, by their names.
  ///
  /// - Throws: What prevents that the folder is read as a checkpoint.
  private func sharesOfTensors(isNeeded: Bool) throws -> [String: Weight] {
    guard isNeeded else { return [:] }
    let weights = try Checkpoint(path: path, family: family).expertWeights
    return Dictionary(weights.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Says that an original cannot be what was converted, since one is whole and the other in parts.
  ///
  /// No tensor of it could be compared: that each is another would say nothing new.
  private func otherForm(of original: Checkpoint) -> String? {
    let wasFactored = certificate.source.files.contains { $0.name.hasPrefix("sdmoe-factors-") }
    if wasFactored, original.form == nil {
      return
        "\(original.path): is whole, but this output was merged from a factored checkpoint; give that one, which can itself be verified against the model that it was split from"
    }
    if !wasFactored, original.form != nil {
      return
        "\(original.path): is a factored checkpoint, but this output was split from a whole one; give that one"
    }
    return nil
  }

  /// Checks that an original is what was converted.
  private func checkSource(
    _ original: Checkpoint, _ report: inout VerificationReport
  ) async throws {
    if (try? original.fingerprint()) != certificate.source.fingerprint {
      report.failures.append(
        "\(original.path): is not the checkpoint that was converted: its fingerprint is another")
    }
    for row in rows where row.role == .carried {
      guard let place = original.stored(row.tensor),
        (try? place.file.digest(of: place.tensor)) == row.sourceSHA256
      else {
        report.failures.append(
          "\(original.path): tensor '\(row.tensor)' is not the one that was carried over")
        continue
      }
    }
    let decoded = rows.filter { $0.role == .decoded }
    guard !decoded.isEmpty else { return }
    let sources = try Decoding(of: original)?.sources ?? [:]
    let isSame = try await pool.map(count: decoded.count, makeMemory: { WeightReader() }) {
      reader, place in
      let row = decoded[place]
      return try sources[row.tensor].map { try reader.digest(of: $0) } == row.sourceSHA256
    }
    for (row, isSame) in zip(decoded, isSame) where !isSame {
      report.failures.append(
        "\(original.path): what was decoded to tensor '\(row.tensor)' is not there any more")
    }
  }
}
