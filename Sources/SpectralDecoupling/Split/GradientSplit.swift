import LinearAlgebra
public import Tensors

/// Splits the gradient of an expert's matrix into what updates the common part and what updates the
/// expert's unique part, with the common bases held fixed.
///
/// A training step in SD-MoE form adds the common parts of all experts up for W_c, and gives each
/// expert its own unique part, so that W_u stays in the complement of the common directions:
///
/// ```swift
/// var common = Matrix<Float>(rowCount: m, columnCount: n)
/// for expert in experts.indices {
///   let split = GradientSplit(of: gradients[expert], along: bases)
///   common.add(split.common)
///   experts[expert].step(along: split.unique)
/// }
/// ```
///
/// It does not refresh the bases: the paper does that by decomposition every 16 steps.
///
/// Source: Method.md section 7; arXiv 2602.12556.
public struct GradientSplit: Sendable {
  /// G_c = P_U G + (I - P_U) G P_V, m x n, of a rank of at most 2 k_c; with one basis P_U G or G P_V.
  public let common: Matrix<Float>

  /// G_u = (I - P_U) G (I - P_V), m x n: U_c^T G_u = 0 and G_u V_c = 0.
  public let unique: Matrix<Float>

  /// Splits a gradient.
  ///
  /// The parts add up to G to a few roundings of its largest elements, and are orthogonal to each
  /// other; ||U_c^T G_u||_F and ||G_u V_c||_F are below 1e-5 ||G_u||_F, also where G_u is but a
  /// thousandth of G.
  ///
  /// - Parameters:
  ///   - gradient: G, m x n, every element finite.
  ///   - bases: U_c, m x k_c, and V_c, n x k_c; a side without a basis is not projected.
  /// - Precondition: The bases have as many rows as G has rows and columns.
  /// - Complexity: O(m n k_c) time, eight thin products; memory for four matrices like G.
  public init(of gradient: Matrix<Float>, along bases: CommonBases) {
    precondition(
      bases.left.map { $0.rowCount == gradient.rowCount } ?? true
        && bases.right.map { $0.rowCount == gradient.columnCount } ?? true,
      "the bases do not fit a gradient of \(gradient.rowCount) x \(gradient.columnCount)")
    // What rounding leaves of large common directions, a second projection takes away.
    let once = gradient.subtracting(gradient.commonPart(along: bases))
    unique = once.subtracting(once.commonPart(along: bases))
    common = gradient.subtracting(unique)
  }
}

extension Matrix where Scalar == Float {
  /// P_U G + (I - P_U) G P_V.
  fileprivate func commonPart(along bases: CommonBases) -> Matrix {
    let factors = ThinProjection(of: self, along: bases).factors(
      along: bases, rowCount: rowCount, columnCount: columnCount)
    return product(factors.left, factors.right)
  }
}
