package import Tensors

/// A matrix W, m x n, that is met a few consecutive rows at a time.
///
/// This is the place of another way to hold rows: one that stores them in fewer bits lends each
/// group decoded, in a buffer that lives as long as the pass. All that is made of passes, see
/// ``RowOperator``, then works on it.
package protocol RowSource<Scalar> {
  /// The scalar in which products are made.
  associatedtype Scalar: LAPACKScalar

  /// m.
  var rowCount: Int { get }
  /// n.
  var columnCount: Int { get }

  /// Lends every row once, in their order.
  ///
  /// - Parameters:
  ///   - height: How many rows a group has; the last one may have fewer.
  ///   - body: Takes the places of a group's rows and the rows, which it must not keep.
  /// - Precondition: The height is positive.
  func lendRows(inGroupsOf height: Int, _ body: (Range<Int>, MatrixView<Scalar>) -> Void)
}

extension Matrix: RowSource where Scalar: LAPACKScalar {
  package func lendRows(
    inGroupsOf height: Int, _ body: (Range<Int>, MatrixView<Scalar>) -> Void
  ) {
    withView { whole in
      for start in stride(from: 0, to: rowCount, by: height) {
        let group = start..<min(rowCount, start + height)
        body(group, whole.rows(group))
      }
    }
  }
}
