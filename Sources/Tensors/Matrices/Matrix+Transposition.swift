extension Matrix {
  /// The matrix with rows and columns exchanged, tile by tile: lines of the cache are used whole on
  /// both sides.
  ///
  /// - Complexity: O(rows * columns); one pass, bound by memory.
  @inlinable
  public func transposed() -> Matrix {
    let rows = rowCount
    let columns = columnCount
    // 32 lines of each side stay in the first-level cache.
    let width = 32
    let exchanged = unsafe [Scalar](unsafeUninitializedCapacity: rows * columns) { target, count in
      // Safe: every row and column is in range, and each of the rows * columns places is
      // initialised once.
      unsafe elements.withUnsafeBufferPointer { source in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        for rowStart in stride(from: 0, to: rows, by: width) {
          let rowEnd = min(rows, rowStart + width)
          for columnStart in stride(from: 0, to: columns, by: width) {
            let columnEnd = min(columns, columnStart + width)
            for column in columnStart..<columnEnd {
              for row in rowStart..<rowEnd {
                unsafe (target + column * rows + row).initialize(
                  to: source[row * columns + column])
              }
            }
          }
        }
      }
      count = rows * columns
    }
    return Matrix(rowCount: columns, columnCount: rows, elements: exchanged)
  }
}
