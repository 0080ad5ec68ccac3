import Tensors

extension Matrix {
  /// Some rows, as a matrix of its own.
  func rows(at places: [Int]) -> Matrix {
    var kept: [Scalar] = []
    kept.reserveCapacity(places.count * columnCount)
    for row in places { kept += elements[row * columnCount..<(row + 1) * columnCount] }
    return Matrix(rowCount: places.count, columnCount: columnCount, elements: kept)
  }

  /// The sum of the squares of a row, or of some columns of it, in double precision.
  func squaredNorm(ofRow row: Int, columns: Range<Int>? = nil) -> Double {
    let columns = columns ?? 0..<columnCount
    let start = row * columnCount
    return elements[start + columns.lowerBound..<start + columns.upperBound].reduce(0.0) {
      $0 + Double($1) * Double($1)
    }
  }
}
