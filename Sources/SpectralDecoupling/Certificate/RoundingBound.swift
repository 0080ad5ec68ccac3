package import Tensors

/// A bound on what rounding to a stored type changes.
package enum RoundingBound {
  /// Tells ||round(M) - M||_F at most, from the norm of the rounded matrix.
  ///
  /// Every element is off by half a unit in its last place, or by half the smallest number of the
  /// type where that is more.
  package static func norm(of type: ElementType, norm: Double, count: Int) -> Double {
    let (relative, absolute): (Double, Double) =
      switch type {
      case .bf16: (0x1p-8, 0x1p-134)
      case .f16: (0x1p-11, 0x1p-25)
      default: (0x1p-24, 0x1p-150)
      }
    return relative * norm + absolute * Double(count).squareRoot()
  }
}
