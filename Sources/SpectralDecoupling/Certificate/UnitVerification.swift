import Checkpoints
import Experts
import LinearAlgebra
import SafetensorsFiles
import Tensors

/// Computes the numbers of a unit anew, and compares them with the certificate.
struct UnitVerification: Sendable {
  let verification: Verification
  let unit: CertifiedUnit
  let checkpoint: Checkpoint
  let files: [String: SafetensorsFile]

  private var isFactored: Bool { checkpoint.form != nil }
  private var isExact: Bool { verification.certificate.options.mode == .exact }
  private var name: String { unit.key.text }
  private var isFull: Bool { verification.certificate.options.certificate == .full }

  /// What was found of the unit.
  struct Outcome: Sendable {
    var failures: [String] = []
    var untoldCount = 0
  }

  /// What of one expert was found.
  private struct Found: Sendable {
    var failures: [String] = []
    var untoldCount = 0
    /// The leading directions of the whole matrix, where the original is there, and of the unique
    /// part.
    var before: [Float]?
    var after: [Float]?
    var squaredNorm = 0.0
    var remainder = 0.0
    /// By how much more the stored matrix weighs than the unique part that is told from it.
    var growth = 1.0
  }

  func carryOut() async throws -> Outcome {
    let projection = unit.projection
    let rows = verification.rows.filter {
      $0.layer == unit.layer && $0.projection == projection
    }.sorted { ($0.expert ?? 0) < ($1.expert ?? 0) }
    let layer = try checkpoint.layers(numbered: [unit.layer])[0]
    let weights = try (layer.experts[projection] ?? []).map { try $0.get() }
    guard rows.count == weights.count else {
      return Outcome(
        failures: [
          "\(name): the table has \(rows.count) experts, the checkpoint \(weights.count)"
        ])
    }
    let names = FactoredNames(
      start: checkpoint.tensorStart(ofLayer: unit.layer), projection: projection)
    let factors = storedFactors(names)
    let common = try factors.common()
    let weightNames = checkpoint.expertWeightNames(ofLayer: unit.layer, projection: projection)
    let experts = UnitExperts(
      weights: weights, shares: weights.map { _ in 1 / Double(weights.count) },
      pool: verification.pool)
    let originals = try weightNames.indices.map { expert in
      try originalWeight(ofExpert: expert, projection: projection, name: weightNames[expert])
    }
    let type = checkpoint.form?.unit(layer: unit.layer, projection: projection)?.originalType
    let found = try await experts.map { matrix, expert in
      try check(
        matrix, row: rows[expert], common: common, factors: factors,
        names: FactoredExpertNames(weight: weightNames[expert]), original: originals[expert],
        originalType: type, right: projection.hiddenSideIsRight)
    }
    var failures = found.flatMap(\.failures)
    failures += try unitFailures(
      rows: rows, common: common, found: found, shape: weights[0].shape)
    if common.rank == unit.commonRank, let original = verification.original {
      failures += try await basisFailures(of: original, projection: projection, count: rows.count)
    }
    return Outcome(
      failures: failures, untoldCount: found.reduce(0) { $0 + $1.untoldCount })
  }

  private func storedFactors(_ names: FactoredNames) -> StoredFactors {
    let bases = files[verification.own.bases]
    return StoredFactors(path: checkpoint.path, names: names) { name in
      if let place = checkpoint.stored(name) { return place }
      guard let bases, let tensor = bases.tensors.first(where: { $0.name == name }) else {
        return nil
      }
      return (bases, tensor)
    }
  }

  /// The expert's weight in the original, where that is there; its unique part if it is factored.
  private func originalWeight(
    ofExpert expert: Int, projection: Projection, name: String
  ) throws -> Weight? {
    guard let original = verification.original else { return nil }
    let layer = (original.layers + original.furtherLayers).first { $0.index == unit.layer }
    guard let weights = layer?.experts[projection], weights.indices.contains(expert) else {
      throw CheckpointError.missingTensor(path: original.path, tensor: name)
    }
    return try weights[expert].get()
  }

  private func check(
    _ matrix: Matrix<Float>, row: CertificateRow, common: CommonPart, factors: StoredFactors,
    names: FactoredExpertNames, original: Weight?,
    originalType: ElementType?, right: Bool
  ) throws -> Found {
    var found = Found()
    // Of a factored original nothing more is known than the output tells.
    let isWhole =
      verification.original?.form?.unit(layer: unit.layer, projection: unit.projection) == nil
    let elements = try original.map { try StoredElements($0) }
    let values = elements.map {
      $0.matrix(rowCount: matrix.rowCount, columnCount: matrix.columnCount)
    }
    let told = try told(by: matrix, common: common, factors: factors, names: names)
    let norm = squaredNorm(of: matrix).squareRoot()
    let unique = squaredNorm(of: told.unique).squareRoot()
    compare(
      told, with: row, common: common,
      rounding: row.rounding(ofNorm: norm, unique: unique, isExact: isExact),
      along: row.roundingAlongBases(ofNorm: norm, unique: unique, isExact: isExact),
      isTold: isWhole && values != nil, &found)
    if let values, isWhole {
      let split = ExpertSplit(values, common: common)
      compare(
        ToldParts(unique: split.unique, remainder: split.remainder), with: row, common: common,
        rounding: 0, along: 0, isTold: true, &found)
    }
    compareDropped(
      row, rounding: row.rounding(ofNorm: norm, unique: unique, isExact: isExact), &found)
    let total = row.norm * row.norm
    // Of an expert that is zero, the remainder is what the common part has along the bases.
    found.remainder = total > 0 ? row.remainderEnergy * total : common.projection.squaredNorm
    found.squaredNorm = total
    if !isFactored, unique > 0 { found.growth = max(1, norm / unique) }
    if isFull {
      let k = leadingCount(fraction: 0.01, rank: min(matrix.rowCount, matrix.columnCount))
      found.after = try HiddenSubspaces.rows(of: told.unique, k: k, right: right)
      if let values, isWhole {
        found.before = try HiddenSubspaces.rows(of: values, k: k, right: right)
      }
    }
    try checkWhole(
      matrix, row: row, common: common, factors: factors, names: names, originalType: originalType,
      original: original, elements: elements, values: values, &found)
    return found
  }

  /// Compares the numbers of an expert with those of its parts.
  ///
  /// - Parameters:
  ///   - parts: The parts, as far as they are known.
  ///   - row: What the certificate says.
  ///   - common: The unit's common part.
  ///   - rounding: How far the unique part may be from the one that the numbers are of.
  ///   - along: How much of that may lie along the bases.
  ///   - isTold: Whether numbers that this hides are compared elsewhere.
  ///   - found: Takes what differs, and how many numbers are hidden.
  private func compare(
    _ parts: ToldParts, with row: CertificateRow, common: CommonPart, rounding: Double,
    along: Double, isTold: Bool, _ found: inout Found
  ) {
    func expect(_ value: Double, _ what: String, _ known: Double, within tolerance: Double) {
      if known.isNaN && value.isNaN || abs(value - known) <= tolerance { return }
      found.failures.append(
        "tensor '\(row.tensor)': \(what) is \(value), but the certificate says \(known)")
    }
    let scale = row.norm > 0 ? row.norm * row.norm : .nan
    /// What rounding can change of an energy, a share of ||W||^2.
    func expectEnergy(_ squaredNorm: Double, _ what: String, _ known: Double, _ rounding: Double) {
      let changed = (2 * squaredNorm.squareRoot() + rounding) * rounding / scale
      if changed > VerificationTolerance.widest {
        if !isTold { found.untoldCount += 1 }
        return
      }
      expect(
        squaredNorm / scale, what, known,
        within: VerificationTolerance.norm * max(1, known.isNaN ? 1 : known)
          + (changed.isNaN ? 0 : changed))
    }
    let unique = squaredNorm(of: parts.unique)
    expectEnergy(unique, "the energy of the unique part", row.uniqueEnergy, rounding)
    expectEnergy(
      squaredNorm(of: common.matrix), "the energy of the common part", row.commonEnergy, 0)
    if let remainder = parts.remainder {
      // Factors are stored as they are.
      expectEnergy(
        remainder.squaredNorm, "the energy of the remainder", row.remainderEnergy,
        isFactored ? 0 : rounding)
    }
    // Both the part along a basis and the norm that it is compared with are off by the rounding.
    let changed = unique > 0 ? 2 * along / unique.squareRoot() : 0
    if changed > VerificationTolerance.widest {
      if !isTold { found.untoldCount += 2 }
      return
    }
    let residuals = Residuals(of: parts.unique, along: common.bases)
    let allowed = VerificationTolerance.residual + changed
    expect(residuals.left, "what is left along U_c", row.leftResidual, within: allowed)
    expect(residuals.right, "what is left along V_c", row.rightResidual, within: allowed)
  }

  /// Compares what was dropped with the remainder, and with the error, which rounding alone adds to.
  private func compareDropped(_ row: CertificateRow, rounding: Double, _ found: inout Found) {
    let dropped = isExact ? 0 : row.remainderEnergy.squareRoot()
    let isAbsent = dropped.isNaN && row.dropped.isNaN
    if !isAbsent, !(abs(dropped - row.dropped) <= VerificationTolerance.norm * max(1, dropped)) {
      found.failures.append(
        "tensor '\(row.tensor)': the remainder's energy is \(row.remainderEnergy), but the certificate says that \(row.dropped) was dropped"
      )
    }
    let allowed = VerificationTolerance.norm * max(1, dropped) + rounding / row.norm
    guard !row.error.isNaN, !isAbsent, allowed <= VerificationTolerance.widest,
      !(abs(row.error - dropped) <= allowed)
    else { return }
    found.failures.append(
      "tensor '\(row.tensor)': \(dropped) was dropped, but the certificate says that its error is \(row.error)"
    )
  }

  /// The parts that a stored matrix tells.
  private func told(
    by matrix: Matrix<Float>, common: CommonPart, factors: StoredFactors,
    names: FactoredExpertNames
  ) throws -> ToldParts {
    guard isFactored else {
      return ToldParts(ofMerged: matrix, mode: isExact ? .exact : .strict, common: common)
    }
    return ToldParts(unique: matrix, remainder: isExact ? try factors.remainder(names) : nil)
  }

  /// Checks the matrix that the stored parts stand for: against the original's digest where they
  /// should give it bit for bit, and against the original itself where it is there.
  private func checkWhole(
    _ matrix: Matrix<Float>, row: CertificateRow, common: CommonPart, factors: StoredFactors,
    names: FactoredExpertNames, originalType: ElementType?,
    original: Weight?, elements: StoredElements?,
    values: Matrix<Float>?, _ found: inout Found
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
    guard let original, let elements, let values else { return }
    if elements.digest != row.sourceSHA256 {
      found.failures.append(
        "\(original.place) is not the one that was converted")
    }
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
    let rank = common.rank
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
    let compared = found.indices.filter { !similarity.leftOut.contains($0) }
    var before = HiddenSubspaces(k: k)
    var after = HiddenSubspaces(k: k)
    for expert in compared {
      before.append(found[expert].before)
      after.append(found[expert].after)
    }
    let growth = compared.map { found[$0].growth }.max() ?? 1
    let told = try after.meanSimilarity()
    expect(
      "the similarity of the unique parts", told?.mean, similarity.after,
      within: min(growth * VerificationTolerance.similarity, VerificationTolerance.widest))
    expect(
      "the number of pairs", told.map { Double($0.pairs) }, Double(similarity.pairs), within: 0)
    if found.contains(where: { $0.before != nil }) {
      expect(
        "the similarity of the whole matrices", try before.meanSimilarity()?.mean,
        similarity.before, within: VerificationTolerance.similarity)
    }
    let n = unit.projection.hiddenSideIsRight ? shape[1] : shape[0]
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

  /// Finds the bases anew, and compares how well they are known.
  private func basisFailures(
    of original: Checkpoint, projection: Projection, count: Int
  ) async throws -> [String] {
    let options = verification.certificate.options
    // The loads of experts are not in the certificate.
    guard original.form == nil, options.weights == .uniform,
      unit.left != nil || unit.right != nil
    else { return [] }
    let weights = try (try original.layers(numbered: [unit.layer])[0].experts[projection] ?? [])
      .map { try $0.get() }
    guard weights.count == count else { return [] }
    let experts = UnitExperts(
      weights: weights, shares: weights.map { _ in 1 / Double(count) }, pool: verification.pool)
    let found = try await experts.bases(
      options.bases, rank: unit.commonRank, left: unit.left != nil, right: unit.right != nil)
    var failures: [String] = []
    for (symbol, directions, known) in [
      ("U_c", found.left, unit.left), ("V_c", found.right, unit.right),
    ] {
      guard let directions, let known else { continue }
      let basis = UnitRecord.Basis(directions)
      let difference = (basis.gap.map { 1 / $0 } ?? 0) - (known.gap.map { 1 / $0 } ?? 0)
      if !(abs(difference) <= VerificationTolerance.inverseGap) {
        failures.append(
          "\(name): the gap behind \(symbol) is \(basis.gap.map { "\($0)" } ?? "infinite"), but the certificate says \(known.gap.map { "\($0)" } ?? "infinite")"
        )
      }
      // A search for a rank has its bounds from more directions. Two iterations that converge may
      // stop at any two bounds that are small enough.
      if options.targetSimilarity == nil,
        !(abs(basis.angleBound - known.angleBound) <= LeadingEigenspace.allowedAngle)
      {
        failures.append(
          "\(name): the angle bound of \(symbol) is \(basis.angleBound), but the certificate says \(known.angleBound)"
        )
      }
    }
    return failures
  }
}
