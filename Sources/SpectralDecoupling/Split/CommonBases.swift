public import Tensors

/// The bases of the directions that a unit's experts have in common: U_c and V_c.
public struct CommonBases: Sendable, Equatable {
  /// U_c, rows x k_c with orthonormal columns; nil where that side is not projected.
  public let left: Matrix<Float>?
  /// V_c, columns x k_c with orthonormal columns; nil where that side is not projected.
  public let right: Matrix<Float>?

  /// Collects the bases of a unit; at least one side is there.
  public init(left: Matrix<Float>?, right: Matrix<Float>?) {
    precondition(left != nil || right != nil, "bases of neither side")
    self.left = left
    self.right = right
  }
}
