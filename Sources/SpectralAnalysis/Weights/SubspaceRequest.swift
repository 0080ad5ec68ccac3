import Checkpoints
import Experts
import LinearAlgebra
import Tensors

/// Which directions of an expert's matrix are wanted, and for what.
struct SubspaceRequest: Sendable {
  /// How much of the decomposition is computed.
  enum Depth: Sendable {
    /// The leading triplets.
    case leading
    /// The leading triplets, and all singular values.
    case leadingAndValues
    /// All singular values, and all directions on the hidden side.
    case all
  }

  let projection: Projection
  let fraction: Double
  /// k of the routed experts, which a shared expert is compared with.
  let routedLeading: Int
  /// The number of directions of a routed expert.
  let routedRank: Int
  let depth: Depth
  /// Whether all singular values are told, not the leading ones alone.
  let tellsAllValues: Bool

  /// At least so many singular values and router alignments are told, where the rank allows.
  static let fewestDirections = 16

  /// How many directions are told of a matrix with k leading ones: max(16, k), at most all.
  static func toldCount(leading: Int, rank: Int) -> Int {
    min(rank, max(fewestDirections, leading))
  }

  /// Reads an expert's matrix and computes its directions.
  ///
  /// - Parameters:
  ///   - weight: The matrix.
  ///   - name: The expert's name.
  ///   - reader: What it is read through.
  ///   - digest: Takes the digest of the stored bytes, also where they cannot be measured.
  /// - Returns: The leading directions and, where all are wanted, all of the hidden side as rows.
  /// - Throws: The file's error, and ``AnalysisError/unusableWeight(place:reason:)``.
  func subspace(
    of weight: Weight, name: ExpertName, reader: inout WeightReader, digest: (String) -> Void
  ) throws -> (subspace: ExpertSubspace, directions: Matrix<Float>?) {
    // Leading directions need no wider numbers: see LeadingTriplets.
    let staysInBF16 =
      weight.isBF16 && depth == .leading
      && min(weight.rowCount, weight.columnCount) > LeadingTriplets.directRank
    digest(
      try staysInBF16 ? reader.readBF16WithDigest(weight) : reader.readWithDigest(weight))
    do {
      return try staysInBF16
        ? measure(reader.bf16Matrix, name: name) : measure(reader.matrix, name: name)
    } catch {
      throw AnalysisError.unusableWeight(place: weight.place, reason: error)
    }
  }

  private func measure(
    _ matrix: some DecomposableRows, name: ExpertName
  ) throws(LinearAlgebraError) -> (subspace: ExpertSubspace, directions: Matrix<Float>?) {
    let isShared = !name.isRouted
    let squaredNorm = try checkedSquaredNorm(of: matrix)
    let fullRank = min(matrix.rowCount, matrix.columnCount)
    // What a unique part lacks is rounding noise, whose directions mean nothing.
    let rank = isShared ? fullRank : min(fullRank, routedRank)
    let own = leadingCount(fraction: fraction, rank: fullRank)
    let compared = min(rank, isShared ? routedLeading : own)
    let needed = max(own, compared)
    let found = try decomposition(
      of: matrix, squaredNorm: squaredNorm, rank: rank, needed: needed,
      hiddenCount: max(Self.toldCount(leading: own, rank: rank), compared),
      neuronCount: isShared ? 0 : compared)
    let noise = largestNoise(
      rowCount: matrix.rowCount, columnCount: matrix.columnCount, largest: found.singularValues[0])
    try requireRank(needed, of: found.singularValues, above: noise)
    let subspace = ExpertSubspace(
      name: name, rank: rank, leading: own,
      singularValues: found.singularValues, squaredNorm: squaredNorm, hidden: found.hidden,
      neuron: found.neuron)
    return (subspace, found.directions)
  }

  /// All singular values, in the precision in which whole matrices are decomposed.
  private func allSingularValues(
    of matrix: Matrix<Float>
  ) throws(LinearAlgebraError) -> [Double] {
    guard min(matrix.rowCount, matrix.columnCount) > LeadingTriplets.directRank else {
      return try singularValues(of: matrix.widened())
    }
    return try singularValues(of: matrix).map { Double($0) }
  }

  /// What both ways of decomposing a matrix yield.
  private struct Decomposition {
    let singularValues: [Double]
    /// hidden size x directions.
    let hidden: Matrix<Float>
    /// width x directions.
    let neuron: Matrix<Float>
    /// All directions of the hidden side as rows.
    var directions: Matrix<Float>?
  }

  private func decomposition(
    of matrix: some DecomposableRows, squaredNorm: Double, rank: Int, needed: Int, hiddenCount: Int,
    neuronCount: Int
  ) throws(LinearAlgebraError) -> Decomposition {
    let right = projection.hiddenSideIsRight
    if depth == .all {
      let all = try SingularDirections.decompose(
        matrix.floats(), side: right ? .right : .left, otherCount: neuronCount)
      return Decomposition(
        singularValues: Array(all.singularValues.prefix(rank)),
        hidden: all.rows.leadingRows(hiddenCount).transposed(), neuron: all.otherSide,
        directions: rank < all.rows.rowCount ? all.rows.leadingRows(rank) : all.rows)
    }
    let triplets = try LeadingTriplets.compute(
      of: matrix, count: min(rank, max(hiddenCount, needed + 1)), subspaceRank: needed,
      squaredNorm: squaredNorm)
    let values =
      try depth == .leading
      ? triplets.singularValues : allSingularValues(of: matrix.floats())
    return Decomposition(
      singularValues: Array(values.prefix(rank)),
      hidden: (right ? triplets.right : triplets.left).leadingColumns(hiddenCount),
      neuron: (right ? triplets.left : triplets.right).leadingColumns(neuronCount))
  }
}
