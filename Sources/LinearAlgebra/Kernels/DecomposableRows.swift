package import Tensors

/// A matrix of single precision, stored so or in fewer bits.
package protocol DecomposableRows: KernelRows where Scalar == Float {
  /// The matrix in single precision.
  ///
  /// - Complexity: A copy, where it is stored in fewer bits.
  func floats() -> Matrix<Float>

  /// The number of the first element that is NaN or infinite, row after row; nil where none is.
  var firstNotFinite: Int? { get }
}

extension Matrix: DecomposableRows where Scalar == Float {
  package func floats() -> Matrix<Float> { self }

  package var firstNotFinite: Int? { elements.firstIndex { !$0.isFinite } }
}

extension BF16Matrix: DecomposableRows {
  package func floats() -> Matrix<Float> { widened() }

  // An exponent of ones is infinity or NaN.
  package var firstNotFinite: Int? { elements.firstIndex { $0 & 0x7f80 == 0x7f80 } }
}
