package import Tensors

/// A subspace that is compared with many others: its basis as the kernels take it.
///
/// The bits of a similarity depend on the two bases and the ``InstructionSet``, on nothing else.
package struct ComparableSubspace: Sendable {
  /// The basis as it was given, n x k.
  private let columns: Matrix<Float>
  /// Each vector in a row that ends in zeros; in the end rows of zeros, which make whole fours.
  private let rows: Matrix<Float>

  /// Lays a basis out.
  ///
  /// - Parameter columns: n x k, orthonormal columns.
  /// - Complexity: O(n k); memory for one more copy.
  package init(_ columns: Matrix<Float>) {
    self.columns = columns
    let (n, k) = (columns.rowCount, columns.columnCount)
    let width = VectorPanel<Float>.paddedLength(n)
    let height = roundedUp(k, toMultipleOf: VectorPanel<Float>.width)
    var elements = [Float](repeating: 0, count: height * width)
    for vector in 0..<k {
      for place in 0..<n { elements[vector * width + place] = columns[place, vector] }
    }
    rows = Matrix(rowCount: height, columnCount: width, elements: elements)
  }

  /// Compares the spaces of the leading k directions with those of others of the same dimension,
  /// k the smaller number of directions of the two.
  ///
  /// - Returns: For each of the others what ``SubspaceSimilarity/between(_:_:)-(Matrix<Float>,_)``
  ///   returns, with the same accuracy.
  /// - Throws: ``LinearAlgebraError/notFinite(row:column:)``; LAPACK's own failures.
  /// - Complexity: O(n k^2) for each; about 12 microseconds at n = 2048 and k = 15.
  package func similarities(
    to others: some Sequence<ComparableSubspace>, _ set: InstructionSet = .current
  ) throws(LinearAlgebraError) -> [SubspaceSimilarity] {
    var result: [SubspaceSimilarity] = []
    var small = SmallSingularValues(size: max(1, columns.columnCount))
    for other in others {
      let k = min(columns.columnCount, other.columns.columnCount)
      if small.size != k { small = SmallSingularValues(size: k) }
      let products = innerProducts(with: other, set)
      let cosines = try products.withView { products throws(LinearAlgebraError) in
        try small.values(of: products.rows(0..<k).columns(0..<k))
      }
      guard let cosines else { throw notFinite(or: other) }
      result.append(SubspaceSimilarity(cosines: cosines))
    }
    return result
  }

  /// The inner products of each vector, a row, with each of another basis, a column.
  private func innerProducts(with other: ComparableSubspace, _ set: InstructionSet) -> Matrix<Float>
  {
    let (a, b) = (rows, other.rows)
    precondition(columns.rowCount == other.columns.rowCount, "subspaces of two spaces")
    var result = Matrix<Float>(rowCount: a.rowCount, columnCount: b.rowCount)
    unsafe a.elements.withUnsafeBufferPointer { x in
      unsafe b.elements.withUnsafeBufferPointer { w in
        unsafe result.elements.withUnsafeMutableBufferPointer { y in
          for first in stride(from: 0, to: a.rowCount, by: VectorPanel<Float>.width) {
            // Safe: both have rows of `columnCount` elements, those of `a` whole fours, and `y` holds
            // a row of b.rowCount products for each of them.
            unsafe Float.kernels.multiply(
              set.kernels, w.baseAddress, b.rowCount, b.columnCount, b.columnCount,
              x.baseAddress.map { unsafe $0 + first * a.columnCount }, a.columnCount,
              y.baseAddress.map { unsafe $0 + first * b.rowCount }, b.rowCount)
          }
        }
      }
    }
    return result
  }

  /// Names the first bad element of this basis, or of another where there is none in this.
  private func notFinite(or other: ComparableSubspace) -> LinearAlgebraError {
    for basis in [columns, other.columns] {
      if let place = basis.firstNotFinite {
        return .notFinite(row: place / basis.columnCount, column: place % basis.columnCount)
      }
    }
    // Only vectors far longer than 1 have products beyond single precision.
    preconditionFailure("a basis must be orthonormal")
  }
}
