/// A dense matrix, stored row after row.
public struct Matrix<Scalar: BinaryFloatingPoint & Sendable>: Sendable, Equatable {
  /// The number of rows.
  public let rowCount: Int

  /// The number of columns.
  public let columnCount: Int

  /// All elements, row after row: element (i, j) stands at `i * columnCount + j`.
  public var elements: [Scalar]

  /// Makes a matrix from its elements, row after row.
  ///
  /// - Precondition: There are exactly `rowCount * columnCount` elements, and no count is negative.
  public init(rowCount: Int, columnCount: Int, elements: [Scalar]) {
    precondition(rowCount >= 0 && columnCount >= 0, "a matrix cannot have a negative size")
    precondition(
      elements.count == rowCount * columnCount,
      "\(elements.count) elements do not fill \(rowCount) x \(columnCount)")
    self.rowCount = rowCount
    self.columnCount = columnCount
    self.elements = elements
  }

  /// Makes a matrix of zeros.
  public init(rowCount: Int, columnCount: Int) {
    self.init(
      rowCount: rowCount, columnCount: columnCount,
      elements: [Scalar](repeating: 0, count: rowCount * columnCount))
  }

  /// The element in row `row` and column `column`, both counted from 0.
  @inlinable
  public subscript(row: Int, column: Int) -> Scalar {
    get { elements[row * columnCount + column] }
    set { elements[row * columnCount + column] = newValue }
  }

  /// The first `count` rows, as a matrix of its own.
  ///
  /// - Precondition: `count` is in `0...rowCount`.
  public func leadingRows(_ count: Int) -> Matrix {
    precondition((0...rowCount).contains(count), "\(count) of \(rowCount) rows")
    return Matrix(
      rowCount: count, columnCount: columnCount,
      elements: Array(elements[..<(count * columnCount)]))
  }

  /// The first `count` columns, as a matrix of its own.
  ///
  /// - Precondition: `count` is in `0...columnCount`.
  public func leadingColumns(_ count: Int) -> Matrix {
    precondition((0...columnCount).contains(count), "\(count) of \(columnCount) columns")
    if count == columnCount { return self }
    var kept: [Scalar] = []
    kept.reserveCapacity(rowCount * count)
    for row in 0..<rowCount {
      kept += elements[row * columnCount..<row * columnCount + count]
    }
    return Matrix(rowCount: rowCount, columnCount: count, elements: kept)
  }
}
