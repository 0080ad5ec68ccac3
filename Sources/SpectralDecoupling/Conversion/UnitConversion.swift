import Checkpoints
import Experts
import LinearAlgebra
import SafetensorsFiles
import Tensors
import Workers

/// The work on one unit: its bases, its common part, and every expert's parts.
struct UnitConversion: Sendable {
  let plan: ConversionPlan
  let unit: ConvertedUnit
  /// Takes the stored bytes of each expert.
  let output: ExpertOutput
  /// Whose workers are used, an expert at a time.
  let pool: WorkerPool
  /// The place of the unit in the plan: workers turn to earlier units first.
  let order: Int
  let floors: FloorCache
  let onExpert: @Sendable () -> Void

  private var options: ConversionOptions { plan.options }
  private var rowCount: Int { unit.weights[0].rowCount }
  private var columnCount: Int { unit.weights[0].columnCount }

  /// Converts the unit.
  ///
  /// - Returns: What is known of it, but the digest of its factors, and the factors.
  func convert() async throws -> (record: @Sendable (String) -> UnitRecord, factors: UnitFactors) {
    switch unit.work {
    case .split: try await split()
    case .merge(let form): try await merge(form)
    }
  }

  // MARK: Splitting

  private func split() async throws -> (
    record: @Sendable (String) -> UnitRecord, factors: UnitFactors
  ) {
    let experts = unit.experts(pool: pool, order: order)
    let found = try await bases(of: experts)
    let (common, projections) = try await commonPart(of: experts, along: found)
    let done = try await experts.mapStored { original, expert in
      defer { onExpert() }
      return try splitExpert(
        expert, original, projection: projections?[expert], common: common)
    }
    var factors = UnitFactors()
    factors.append(common, names: unit.names)
    if options.form == .factored, options.mode == .exact {
      for (expert, result) in done.enumerated() {
        factors.append(
          result.remainder, correction: result.correction, type: unit.originalType,
          names: FactoredExpertNames(weight: unit.weightNames[expert]))
      }
    }
    let similarity = try similarity(of: done, rank: found.rank)
    let record: @Sendable (String) -> UnitRecord = { digest in
      UnitRecord(
        layer: unit.layer, projection: unit.projection, commonRank: found.rank,
        commonNorm: squaredNorm(of: common.matrix).squareRoot(),
        left: found.left.map { UnitRecord.Basis($0) },
        right: found.right.map { UnitRecord.Basis($0) }, similarity: similarity,
        experts: done.map(\.record), factorsSHA256: digest)
    }
    return (record, factors)
  }

  private func bases(of experts: UnitExperts) async throws -> UnitBases {
    switch options.rank {
    case .fixed(let rank):
      return try await experts.bases(
        options.bases, rank: rank, left: plan.options.sides.projectLeft(of: unit.projection),
        right: plan.options.sides.projectRight(of: unit.projection))
    case .target(let similarity, let limit):
      let search = RankSearch(plan: plan, unit: unit, experts: experts, floors: floors)
      return try await search.bases(reaching: similarity, limit: limit) {
        try await commonPart(of: experts, along: $0).common
      }
    }
  }

  /// W_c, and what of each expert lies along the bases, where memory allows to keep it.
  private func commonPart(
    of experts: UnitExperts, along found: UnitBases
  ) async throws -> (common: CommonPart, projections: [ThinProjection]?) {
    let bases = found.bases
    let rank = found.rank
    let size =
      (bases.left == nil ? 0 : rank * columnCount) + (bases.right == nil ? 0 : rank * rowCount)
    let (sum, yields) = try await experts.sum(of: size) {
      ThinProjection(of: $0, along: bases).elements
    }
    func projection(_ elements: [some BinaryFloatingPoint]) -> ThinProjection {
      ThinProjection(elements, rowCount: rowCount, columnCount: columnCount, along: bases)
    }
    let common = try CommonPart(
      meanOf: projection(sum), along: bases, cutTo: options.cutsCommonRank ? rank : nil)
    return (common, yields?.map { projection($0) })
  }

  /// What one expert yields.
  private struct Done: Sendable {
    let record: UnitRecord.Expert
    let remainder: ThinProjection
    let correction: Correction?
    /// The leading directions of W and of W_u, where similarities are wanted.
    let before: [Float]?
    let after: [Float]?
  }

  private func splitExpert(
    _ expert: Int, _ original: StoredElements, projection: ThinProjection?, common: CommonPart
  ) throws -> Done {
    let weight = unit.weights[expert]
    let matrix = original.matrix(rowCount: rowCount, columnCount: columnCount)
    let split = ExpertSplit(matrix, projection: projection, common: common)
    guard split.squaredNorm.isFinite else {
      try unit.experts(pool: pool, order: order).requireFinite(matrix, expert)
      throw DecouplingError.overflow(place: weight.place, elementType: "F32")
    }
    let type = options.type.elementType(of: unit.originalType)
    var correction: Correction?
    let stored: StoredElements
    var rebuilt: Matrix<Float>
    switch options.form {
    case .factored:
      stored = StoredElements(split.unique, as: type)
      rebuilt =
        type == .f32 ? split.unique : stored.matrix(rowCount: rowCount, columnCount: columnCount)
      if options.mode == .exact {
        rebuilt = split.sum.added(to: rebuilt)
        if type == .f32 {
          let merged = StoredElements(rebuilt, as: original.type)
          correction = merged.differences(to: original)
          rebuilt = matrix
        }
      } else {
        rebuilt = common.sum(with: nil).added(to: rebuilt)
      }
    case .merged:
      if options.mode == .exact {
        stored = type == original.type ? original : StoredElements(matrix, as: type)
      } else {
        stored = StoredElements(common.sum(with: nil).added(to: split.unique), as: type)
      }
      rebuilt = stored.matrix(rowCount: rowCount, columnCount: columnCount)
    }
    let error = squaredDistance(rebuilt, matrix)
    guard error.isFinite else {
      throw DecouplingError.overflow(place: weight.place, elementType: type.rawValue)
    }
    try output.write(stored, expert: expert)
    let right = unit.projection.hiddenSideIsRight
    let k = leadingCount(fraction: 0.01, rank: min(rowCount, columnCount))
    let isFull = options.detail == .full
    return Done(
      record: UnitRecord.Expert(
        sha256: stored.digest, sourceSHA256: original.digest,
        norm: split.squaredNorm.squareRoot(), uniqueNorm: split.residuals.squaredNorm.squareRoot(),
        remainderNorm: split.remainder.squaredNorm.squareRoot(),
        reconstructionError: split.squaredNorm > 0
          ? (error / split.squaredNorm).squareRoot() : nil,
        leftResidual: split.residuals.left, rightResidual: split.residuals.right,
        corrections: correction?.indices.count ?? 0),
      remainder: split.remainder, correction: correction,
      before: isFull ? try HiddenSubspaces.rows(of: matrix, k: k, right: right) : nil,
      after: isFull
        ? try HiddenSubspaces.rows(
          of: toldUnique(split, stored: stored, original: original, common: common), k: k,
          right: right) : nil)
  }

  /// W_u as the output tells it, so that its similarity can be computed anew from there.
  private func toldUnique(
    _ split: ExpertSplit, stored: StoredElements, original: StoredElements, common: CommonPart
  ) -> Matrix<Float> {
    let isWhole = options.form == .merged
    let isOriginal = options.mode == .exact && stored.type == original.type
    if isWhole ? isOriginal : stored.type == .f32 { return split.unique }
    let matrix = stored.matrix(rowCount: rowCount, columnCount: columnCount)
    guard isWhole else { return matrix }
    return ToldParts(ofMerged: matrix, mode: options.mode, common: common).unique
  }

  private func similarity(of done: [Done], rank: Int) throws -> UnitRecord.Similarity? {
    let k = leadingCount(fraction: 0.01, rank: min(rowCount, columnCount))
    var before = HiddenSubspaces(k: k)
    var after = HiddenSubspaces(k: k)
    // An expert without k directions before or after is in neither mean.
    var leftOut: [Int] = []
    for (expert, result) in done.enumerated() {
      guard result.before != nil, result.after != nil else {
        leftOut.append(expert)
        continue
      }
      before.append(result.before)
      after.append(result.after)
    }
    guard let first = try before.meanSimilarity(), let second = try after.meanSimilarity() else {
      return nil
    }
    let n = unit.projection.hiddenSideIsRight ? columnCount : rowCount
    return UnitRecord.Similarity(
      k: k, before: first.mean,
      floorBefore: try floors.floor(dimension: n, rank: k).meanCosine.mean, after: second.mean,
      floorAfter: try floors.floor(dimension: n - rank, rank: k).meanCosine.mean,
      pairs: first.pairs, leftOut: leftOut)
  }

  // MARK: Merging

  private func merge(
    _ form: FactoredUnit
  ) async throws -> (record: @Sendable (String) -> UnitRecord, factors: UnitFactors) {
    let stored = StoredFactors(
      path: plan.checkpoint.path, names: unit.names, find: { plan.checkpoint.stored($0) })
    let common = try stored.common()
    let experts = unit.experts(pool: pool, order: order)
    let type = options.type.elementType(of: unit.originalType)
    let records = try await experts.mapStored { source, expert in
      defer { onExpert() }
      let names = FactoredExpertNames(weight: unit.weightNames[expert])
      let weight = unit.weights[expert]
      let unique = source.matrix(rowCount: rowCount, columnCount: columnCount)
      let whole = try WholeMatrix(
        unique: unique, common: common, stored: stored, names: names,
        originalType: unit.originalType, type: type)
      guard squaredNorm(of: whole.matrix).isFinite else {
        guard squaredNorm(of: whole.sum).isFinite else {
          throw DecouplingError.badFactors(
            path: weight.path,
            reason:
              "tensor '\(weight.name)' or a factor beside it holds NaN, infinity or values beyond single precision"
          )
        }
        throw DecouplingError.overflow(place: weight.place, elementType: type.rawValue)
      }
      try output.write(whole.stored, expert: expert)
      let residuals = Residuals(of: unique, along: common.bases)
      return UnitRecord.Expert(
        sha256: whole.stored.digest, sourceSHA256: source.digest,
        norm: squaredNorm(of: whole.matrix).squareRoot(),
        uniqueNorm: residuals.squaredNorm.squareRoot(),
        remainderNorm: whole.remainder.squaredNorm.squareRoot(), reconstructionError: nil,
        leftResidual: residuals.left, rightResidual: residuals.right,
        corrections: whole.correctionCount)
    }
    var factors = UnitFactors()
    factors.append(common, names: unit.names)
    let record: @Sendable (String) -> UnitRecord = { digest in
      UnitRecord(
        layer: unit.layer, projection: unit.projection, commonRank: form.commonRank,
        commonNorm: squaredNorm(of: common.matrix).squareRoot(), left: nil, right: nil,
        similarity: nil, experts: records, factorsSHA256: digest)
    }
    return (record, factors)
  }
}
