import Captures
import Checkpoints
import Experts
import Files
import Synchronization
import Tensors

/// The digests of what a unit reads, as they pass.
final class SourceLedger: Sendable {
  private let digests = Mutex<[String: String]>([:])

  /// Notes the digest of a piece.
  func note(_ digest: String, of label: String) {
    digests.withLock { $0[label] = digest }
  }

  /// The digests of pieces, each once; what did not pass is read.
  ///
  /// - Throws: The files' errors.
  func pieces(of planned: [InputPiece]) throws -> [UnitSources.Piece] {
    let passed = digests.withLock { $0 }
    var seen: Set<String> = []
    return try planned.filter { seen.insert($0.label).inserted }.map { piece in
      UnitSources.Piece(label: piece.label, sha256: try passed[piece.label] ?? piece.digest())
    }
  }
}

extension PlannedUnit {
  /// What the unit's results depend on: its matrices, the router, and captured tensors.
  func sources(in plan: AnalysisPlan, captures: CaptureDigests) -> [InputPiece] {
    var weights = members.compactMap { try? $0.weight.get() }
    if analyses.contains(where: \.kind.needsRouter), let router = try? layer.router.get() {
      weights.append(router)
    }
    var rows: [ActivationRows] = []
    if let captured = plan.inputs.capture?.layer(layer.index) {
      var seen: Set<String> = []
      rows = analyses.flatMap { $0.kind.captured(of: captured, options: plan.options) }
        .filter { seen.insert($0.tensor.name).inserted }
      // Where the router's choices are told from its logits, they depend on its bias too.
      let readsLogits = rows.contains { $0.tensor.name == captured.routerLogits?.tensor.name }
      if readsLogits, let bias = plan.inputs.checkpoint.routingBias(ofLayer: layer.index) {
        weights.append(bias)
      }
    }
    return weights.map(\.inputPiece)
      + rows.map { rows in
        InputPiece(
          label: "captures \(rows.tensor.name)", path: rows.file.path,
          stamps: { [rows.file.stamp] }, digest: { try captures.digest(of: rows) })
      }
  }
}

/// The digests of captured tensors, each taken once for all units that look at it.
final class CaptureDigests: Sendable {
  private let known = Mutex<[String: String]>([:])

  /// The SHA-256 digest of a captured tensor's stored bytes.
  ///
  /// - Throws: The file's error.
  /// - Complexity: O(bytes) the first time.
  func digest(of rows: ActivationRows) throws -> String {
    if let digest = known.withLock({ $0[rows.tensor.name] }) { return digest }
    var reader = WeightReader()
    let digest = try reader.digest(of: Weight(file: rows.file, tensor: rows.tensor))
    known.withLock { $0[rows.tensor.name] = digest }
    return digest
  }
}
