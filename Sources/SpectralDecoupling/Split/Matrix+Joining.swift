import Tensors

extension Matrix {
  /// The matrix with another one's columns after its own.
  func beside(_ other: Matrix) -> Matrix {
    precondition(rowCount == other.rowCount, "\(rowCount) and \(other.rowCount) rows")
    var joined: [Scalar] = []
    joined.reserveCapacity(elements.count + other.elements.count)
    for row in 0..<rowCount {
      joined += elements[row * columnCount..<(row + 1) * columnCount]
      joined += other.elements[row * other.columnCount..<(row + 1) * other.columnCount]
    }
    return Matrix(
      rowCount: rowCount, columnCount: columnCount + other.columnCount, elements: joined)
  }

  /// The matrix with another one's rows below its own.
  func above(_ other: Matrix) -> Matrix {
    precondition(
      columnCount == other.columnCount, "\(columnCount) and \(other.columnCount) columns")
    return Matrix(
      rowCount: rowCount + other.rowCount, columnCount: columnCount,
      elements: elements + other.elements)
  }

  /// The element-wise difference.
  func subtracting(_ other: Matrix) -> Matrix {
    precondition(rowCount == other.rowCount && columnCount == other.columnCount, "other shapes")
    var result = self
    for place in elements.indices { result.elements[place] -= other.elements[place] }
    return result
  }
}
