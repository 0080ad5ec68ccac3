import Checkpoints
import LinearAlgebra
import Tensors
import Workers

/// The leading directions that a unit's experts have in common on one side, and how well they are
/// known.
struct CommonDirections: Sendable {
  /// n x count, orthonormal columns, largest first.
  let basis: Matrix<Float>
  /// The largest singular values of the weighted stack of all experts (joint bases) or of their
  /// mean, one more than there are directions where the side has so many; largest first.
  let values: [Double]
  /// A bound on the angle between the basis and the exact one, in radians; 0 where it comes from a
  /// full decomposition.
  let angleBound: Double

  /// The first directions alone.
  func leading(_ count: Int) -> CommonDirections {
    CommonDirections(
      basis: basis.leadingColumns(count), values: Array(values.prefix(count + 1)),
      angleBound: angleBound)
  }

  /// s_k / s_(k+1): under 1.001 the k-th direction is hardly defined.
  var gap: Double {
    let k = basis.columnCount
    guard values.count > k, values[k] > 0 else { return .infinity }
    return values[k - 1] / values[k]
  }
}

/// The directions of both sides.
struct UnitBases: Sendable {
  /// Of the rows; nil where that side is not projected.
  let left: CommonDirections?
  /// Of the columns; nil where that side is not projected.
  let right: CommonDirections?

  /// k_c.
  var rank: Int { left?.basis.columnCount ?? right?.basis.columnCount ?? 0 }

  var bases: CommonBases { CommonBases(left: left?.basis, right: right?.basis) }

  /// The bases of a smaller rank: they are nested.
  func leading(_ rank: Int) -> UnitBases {
    UnitBases(left: left?.leading(rank), right: right?.leading(rank))
  }
}

extension UnitExperts {
  /// Up to this dimension the sums of squares are formed whole, in double precision.
  private static let directDimension = 512

  /// Finds the common bases of a unit.
  ///
  /// Joint bases of a side of up to 512 dimensions come from the sum of squares itself; above, that
  /// sum is only applied to blocks of vectors while the experts are streamed (block Krylov), which
  /// needs a hundredth of its time and memory. Where the iteration does not converge, the sum is
  /// formed after all.
  ///
  /// - Parameters:
  ///   - kind: Whose leading directions the bases are.
  ///   - rank: k_c.
  ///   - left: Whether U_c is wanted.
  ///   - right: Whether V_c is wanted.
  /// - Returns: The bases of the wanted sides.
  /// - Throws: The files' errors, ``DecouplingError/notFinite(place:row:column:)``, and LAPACK's.
  func bases(
    _ kind: SDMoEForm.Bases, rank: Int, left: Bool, right: Bool
  ) async throws -> UnitBases {
    switch kind {
    case .mean: try await meanBases(rank: rank, left: left, right: right)
    case .joint: try await jointBases(rank: rank, left: left, right: right)
    }
  }

  private func meanBases(rank: Int, left: Bool, right: Bool) async throws -> UnitBases {
    let sum = try await sum(of: rowCount * columnCount) { $0.elements }.total
    let mean = Matrix(rowCount: rowCount, columnCount: columnCount, elements: sum)
    let full = try SingularValueDecomposition(of: mean)
    let values = Array(full.singularValues.prefix(rank + 1))
    func directions(_ basis: Matrix<Double>) -> CommonDirections {
      CommonDirections(
        basis: basis.leadingColumns(rank).narrowed(), values: values, angleBound: 0)
    }
    return UnitBases(
      left: left ? directions(full.left) : nil, right: right ? directions(full.right) : nil)
  }

  private func jointBases(rank: Int, left: Bool, right: Bool) async throws -> UnitBases {
    var found: [Side: CommonDirections] = [:]
    var iterations: [Side: LeadingEigenspace] = [:]
    for side in Side.allCases where side == .left ? left : right {
      let dimension = side == .left ? rowCount : columnCount
      if dimension <= Self.directDimension {
        found[side] = try await directions(of: side, rank: rank)
      } else {
        iterations[side] = LeadingEigenspace(dimension: dimension, count: rank)
      }
    }
    while iterations.values.contains(where: { $0.state == .open }) {
      try await apply(to: &iterations)
    }
    for (side, iteration) in iterations {
      if iteration.state == .exhausted {
        found[side] = try await directions(of: side, rank: rank)
      } else {
        found[side] = CommonDirections(
          basis: iteration.vectors,
          values: iteration.values.map { max(0, $0).squareRoot() },
          angleBound: iteration.state == .converged ? iteration.angleBound : .pi / 2)
      }
    }
    return UnitBases(left: found[.left], right: found[.right])
  }

  private enum Side: CaseIterable { case left, right }

  /// Applies the sums of squares to the blocks of the iterations that are still open, in one pass
  /// over the experts.
  private func apply(to iterations: inout [Side: LeadingEigenspace]) async throws {
    let blocks = iterations.filter { $0.value.state == .open }.mapValues(\.block)
    let size = blocks.values.reduce(0) { $0 + $1.elements.count }
    let sums = try await sum(of: size) { matrix in
      let squares = RowOperator(matrix).squaresApplied(left: blocks[.left], right: blocks[.right])
      return (squares.left?.elements ?? []) + (squares.right?.elements ?? [])
    }.total
    var start = 0
    for side in Side.allCases {
      guard let block = blocks[side] else { continue }
      let end = start + block.elements.count
      try iterations[side]?.absorb(
        Matrix(
          rowCount: block.rowCount, columnCount: block.columnCount,
          elements: Array(sums[start..<end])))
      start = end
    }
  }

  /// The leading directions of a side from the whole sum of squares.
  private func directions(of side: Side, rank: Int) async throws -> CommonDirections {
    let dimension = side == .left ? rowCount : columnCount
    let gram = GramMatrix(dimension: dimension)
    for expert in weights.indices {
      let scale = shares[expert].squareRoot()
      let blocks = try await map(expert..<expert + 1) { matrix, expert in
        try requireFinite(matrix, expert)
        return matrix.withView { (side == .left ? $0.transposed : $0).widened(times: scale) }
      }
      _ = try await pool.map(count: gram.tileCount, order: order) { tile in
        gram.add(blocks[0], toTile: tile)
      }
    }
    let leading = try gram.leadingEigenvectors(count: min(dimension, rank + 1))
    return CommonDirections(
      basis: leading.vectors.leadingColumns(rank).narrowed(),
      values: leading.values.map { max(0, $0).squareRoot() }, angleBound: 0)
  }
}
