import Checkpoints
import LinearAlgebra
import SafetensorsFiles
import TensorFiles
import Tensors

/// Computes the numbers of a unit anew, and compares them with the certificate.
struct UnitVerification: Sendable {
  let verification: Verification
  let unit: Certificate.Unit
  let checkpoint: Checkpoint
  let files: [String: SafetensorsFile]

  private var isFactored: Bool { checkpoint.form != nil }
  private var isExact: Bool { verification.certificate.options.mode == "exact" }
  private var name: String { "layer \(unit.layer) \(unit.projection)" }
  /// Whether this output was merged from a factored checkpoint, of whose whole matrices nothing
  /// more is known.
  private var isFull: Bool { verification.certificate.options.certificate == "full" }

  /// What of one expert was found.
  private struct Found: Sendable {
    var failures: [String] = []
    var subspace: [Float]?
    var squaredNorm = 0.0
    var remainder = 0.0
    /// By how much more what was rounded weighs than the unique part that is told from it.
    var growth = 1.0
  }

  func failures() async throws -> [String] {
    guard let projection = Projection(rawValue: unit.projection) else {
      return ["\(name): is no projection"]
    }
    let rows = verification.rows.filter {
      $0.layer == unit.layer && $0.projection == unit.projection
    }.sorted { ($0.expert ?? 0) < ($1.expert ?? 0) }
    let layer = try checkpoint.layers(numbered: [unit.layer])[0]
    let weights = try (layer.experts[projection] ?? []).map { try $0.get() }
    guard rows.count == weights.count else {
      return ["\(name): the table has \(rows.count) experts, the checkpoint \(weights.count)"]
    }
    let names = FactoredNames(
      start: checkpoint.tensorStart(ofLayer: unit.layer), projection: projection)
    let factors = storedFactors(names)
    let common = try factors.common()
    let weightNames = checkpoint.expertWeightNames(ofLayer: unit.layer, projection: projection)
    let experts = UnitExperts(
      weights: weights, shares: weights.map { _ in 1 / Double(weights.count) },
      width: verification.width)
    let originals = try weightNames.map { name in
      try verification.original.map { original in
        let unique = FactoredExpertNames(weight: name).unique
        guard let place = original.stored(name) ?? original.stored(unique) else {
          throw CheckpointError.missingTensor(path: original.path, tensor: name)
        }
        return place
      }
    }
    let type = checkpoint.form?.unit(layer: unit.layer, projection: projection)?.originalType
    let found = try await experts.map { matrix, expert in
      try check(
        matrix, row: rows[expert], common: common, factors: factors,
        names: FactoredExpertNames(weight: weightNames[expert]), original: originals[expert],
        originalType: type, right: projection.hiddenSideIsRight)
    }
    return found.flatMap(\.failures)
      + (try unitFailures(rows: rows, common: common, found: found, shape: weights[0].tensor.shape))
  }

  private func storedFactors(_ names: FactoredNames) -> StoredFactors {
    let bases = files["sdmoe-bases.safetensors"]
    return StoredFactors(path: checkpoint.path, names: names) { name in
      if let place = checkpoint.stored(name) { return place }
      guard let bases, let tensor = bases.tensors.first(where: { $0.name == name }) else {
        return nil
      }
      return (bases, tensor)
    }
  }

  private func check(
    _ matrix: Matrix<Float>, row: CertificateRow, common: CommonPart, factors: StoredFactors,
    names: FactoredExpertNames, original: (file: any TensorFile, tensor: TensorDescription)?,
    originalType: ElementType?, right: Bool
  ) throws -> Found {
    var found = Found()
    func expect(_ value: Double, _ what: String, _ known: Double, within tolerance: Double) {
      if known.isNaN && value.isNaN || abs(value - known) <= tolerance { return }
      found.failures.append(
        "tensor '\(row.tensor)': \(what) is \(value), but the certificate says \(known)")
    }
    let isRounded = row.isRounded
    let norm = isRounded ? VerificationTolerance.roundedNorm : VerificationTolerance.norm
    let parts = try parts(of: matrix, common: common, factors: factors, names: names)
    let total = row.norm
    let scale = total > 0 ? total * total : .nan
    let unique = squaredNorm(of: parts.unique)
    expect(unique / scale, "the energy of the unique part", row.uniqueEnergy, within: norm)
    expect(
      squaredNorm(of: common.matrix) / scale, "the energy of the common part", row.commonEnergy,
      within: VerificationTolerance.norm * max(1, row.commonEnergy.isNaN ? 1 : row.commonEnergy))
    if let remainder = parts.remainder {
      expect(
        remainder.squaredNorm / scale, "the energy of the remainder", row.remainderEnergy,
        within: norm)
    }
    // Of an expert that is zero, the remainder is what the common part has along the bases.
    found.remainder =
      total > 0 ? row.remainderEnergy * scale : common.projection.squaredNorm
    found.squaredNorm = total * total
    // Rounding a matrix leaves a share of its norm along the bases, not of its unique part's.
    let growth = unique > 0 ? (squaredNorm(of: matrix) / unique).squareRoot() : 1
    found.growth = max(1, isRounded ? growth : parts.growth)
    let residual =
      found.growth
      * (isRounded ? VerificationTolerance.roundedResidual : VerificationTolerance.residual)
    let residuals = Residuals(of: parts.unique, along: common.bases)
    expect(residuals.left, "what is left along U_c", row.leftResidual, within: residual)
    expect(residuals.right, "what is left along V_c", row.rightResidual, within: residual)
    if isFull {
      let k = leadingCount(fraction: 0.01, rank: min(matrix.rowCount, matrix.columnCount))
      found.subspace = try HiddenSubspaces.rows(of: parts.unique, k: k, right: right)
    }
    try checkWhole(
      matrix, row: row, common: common, factors: factors, names: names, original: original,
      originalType: originalType, &found)
    return found
  }

  /// The parts of a stored matrix: of a factored one as they are stored, of a merged one as far as
  /// it tells them.
  private func parts(
    of matrix: Matrix<Float>, common: CommonPart, factors: StoredFactors,
    names: FactoredExpertNames
  ) throws -> (unique: Matrix<Float>, remainder: ThinProjection?, growth: Double) {
    if isFactored { return (matrix, isExact ? try factors.remainder(names) : nil, 1) }
    if isExact {
      let split = ExpertSplit(matrix, common: common)
      return (split.unique, split.remainder, 1)
    }
    let unique = common.sum(with: nil).subtracted(from: matrix)
    let growth = (squaredNorm(of: matrix) / max(squaredNorm(of: unique), .leastNormalMagnitude))
    return (unique, nil, growth.squareRoot())
  }

  /// Checks the matrix that the stored parts stand for: against the original's digest where they
  /// should give it bit for bit, and against the original itself where it is there.
  private func checkWhole(
    _ matrix: Matrix<Float>, row: CertificateRow, common: CommonPart, factors: StoredFactors,
    names: FactoredExpertNames, original: (file: any TensorFile, tensor: TensorDescription)?,
    originalType: ElementType?, _ found: inout Found
  ) throws {
    var whole = matrix
    if isFactored, let originalType {
      let rebuilt = try WholeMatrix(
        unique: matrix, common: common, stored: factors, names: names, originalType: originalType,
        type: originalType)
      let hasCorrection = factors.find(names.correctionIndex) != nil
      if isExact, hasCorrection, rebuilt.stored.digest != row.sourceSHA256 {
        found.failures.append(
          "tensor '\(row.tensor)': the parts do not add up to the original's bits")
      }
      if rebuilt.correctionCount != row.corrections {
        found.failures.append(
          "tensor '\(row.tensor)': has \(rebuilt.correctionCount) corrections, but the certificate says \(row.corrections)"
        )
      }
      whole = rebuilt.sum
      if hasCorrection { whole = rebuilt.matrix }
    }
    guard let original else { return }
    let elements = try StoredElements(reading: original.tensor, of: original.file)
    if elements.digest != row.sourceSHA256 {
      found.failures.append(
        "\(original.file.path): tensor '\(original.tensor.name)' is not the one that was converted")
    }
    let values = elements.matrix(rowCount: matrix.rowCount, columnCount: matrix.columnCount)
    let norm = squaredNorm(of: values)
    guard !row.error.isNaN, norm > 0 else { return }
    let error = (squaredDistance(whole, values) / norm).squareRoot()
    if abs(error - row.error) > VerificationTolerance.norm {
      found.failures.append(
        "tensor '\(row.tensor)': its error against the original is \(error), but the certificate says \(row.error)"
      )
    }
    if abs(norm.squareRoot() - row.norm) > VerificationTolerance.norm * row.norm {
      found.failures.append(
        "tensor '\(row.tensor)': the norm of the original is \(norm.squareRoot()), but the certificate says \(row.norm)"
      )
    }
  }

  /// Compares what the certificate says of the unit with its experts.
  private func unitFailures(
    rows: [CertificateRow], common: CommonPart, found: [Found], shape: [Int]
  ) throws -> [String] {
    var failures: [String] = []
    func expect(_ what: String, _ value: Double?, _ known: Double?, within tolerance: Double) {
      if value == nil && known == nil { return }
      if let value, let known, abs(value - known) <= tolerance { return }
      failures.append(
        "\(name): \(what) is \(value.map { "\($0)" } ?? "not known"), but the certificate says \(known.map { "\($0)" } ?? "nothing")"
      )
    }
    let rank = common.bases.left?.columnCount ?? common.bases.right?.columnCount ?? 0
    expect("the common rank", Double(rank), Double(unit.commonRank), within: 0)
    let norm = squaredNorm(of: common.matrix).squareRoot()
    expect(
      "the norm of the common part", norm, unit.commonNorm,
      within: VerificationTolerance.norm * norm)
    expect(
      "the largest residual along U_c", rows.map(\.leftResidual).max(), unit.largestLeftResidual,
      within: 0)
    expect(
      "the largest residual along V_c", rows.map(\.rightResidual).max(),
      unit.largestRightResidual, within: 0)
    expect(
      "the largest error", rows.map(\.error).filter { !$0.isNaN }.max(),
      unit.largestReconstructionError, within: 0)
    expect(
      "the number of corrections", Double(rows.reduce(0) { $0 + $1.corrections }),
      Double(unit.corrections), within: 0)
    let total = found.reduce(0) { $0 + $1.squaredNorm }
    expect(
      "the energy of the remainders",
      total > 0 ? found.reduce(0) { $0 + $1.remainder } / total : nil, unit.remainderEnergy,
      within: VerificationTolerance.norm)
    guard let similarity = unit.similarity else { return failures }
    let k = leadingCount(fraction: 0.01, rank: min(shape[0], shape[1]))
    expect("the number of leading directions", Double(k), Double(similarity.k), within: 0)
    guard similarity.k == k else { return failures }
    var subspaces = HiddenSubspaces(k: similarity.k)
    for (place, expert) in found.enumerated() where !similarity.leftOut.contains(place) {
      subspaces.append(expert.subspace)
    }
    let growth =
      found.enumerated()
      .filter { !similarity.leftOut.contains($0.offset) }.map(\.element.growth).max() ?? 1
    let isRounded = rows.contains { $0.isRounded }
    expect(
      "the similarity of the unique parts", try subspaces.meanSimilarity()?.mean,
      similarity.after,
      within: growth
        * (isRounded
          ? VerificationTolerance.roundedSimilarity : VerificationTolerance.similarity))
    let n = Projection(rawValue: unit.projection)?.hiddenSideIsRight == true ? shape[1] : shape[0]
    let floors = FloorCache()
    expect(
      "the floor before", try floors.floor(dimension: n, rank: similarity.k).meanCosine.mean,
      similarity.floorBefore, within: 1e-9)
    expect(
      "the floor after",
      try floors.floor(dimension: n - rank, rank: similarity.k).meanCosine.mean,
      similarity.floorAfter, within: 1e-9)
    return failures
  }
}
