public import Tensors

/// Adds, for each direction v_j, in how many rows x_t of X the product |<x_t, v_j>| is greater than
/// that row's threshold.
///
/// - Parameters:
///   - rows: X, T x d.
///   - thresholds: T numbers, one for each row.
///   - directions: r x d, a direction in each row.
///   - counts: r numbers that are added to.
/// - Precondition: The sizes agree, and d is positive.
/// - Complexity: 2 T d r operations, one product of matrices; memory for up to 2^21 numbers.
///
/// Products have the rounding of a sum in single precision, so that a row within a few ulp of
/// ||x_t|| ||v_j|| of its threshold may be counted or not. NaN, as a product or as a threshold, is
/// never counted.
public func addExceedanceCounts(
  of rows: Matrix<Float>, thresholds: [Float], along directions: Matrix<Float>,
  to counts: inout [Int]
) {
  let directionCount = directions.rowCount
  precondition(
    rows.columnCount == directions.columnCount && rows.columnCount > 0,
    "rows of \(rows.columnCount) and directions of \(directions.columnCount) coordinates")
  precondition(
    thresholds.count == rows.rowCount, "\(thresholds.count) thresholds for \(rows.rowCount) rows")
  precondition(
    counts.count == directionCount, "\(counts.count) counts for \(directionCount) directions")
  guard directionCount > 0, rows.rowCount > 0 else { return }

  let height = min(rows.rowCount, max(8, productCount / directionCount))
  var products = Matrix<Float>(rowCount: height, columnCount: directionCount)
  var found = [Int32](repeating: 0, count: directionCount)
  products.withMutableView { products in
    for start in stride(from: 0, to: rows.rowCount, by: height) {
      let group = start..<min(rows.rowCount, start + height)
      let target = products.rows(0..<group.count)
      rows.withView { rows in
        directions.withView { multiply(rows.rows(group), $0.transposed, into: target) }
      }
      add(exceedancesIn: target.readOnly, over: thresholds[group], to: &found)
      for index in counts.indices {
        counts[index] += Int(found[index])
        found[index] = 0
      }
    }
  }
}

/// How many products are held at a time.
///
/// OpenBLAS copies all directions for each group of rows, so a group has to be tall.
private let productCount = 1 << 21

/// Counts in each column the elements that exceed their row's threshold.
private func add(
  exceedancesIn products: MatrixView<Float>, over thresholds: ArraySlice<Float>,
  to counts: inout [Int32]
) {
  precondition(counts.count == products.columnCount && thresholds.count == products.rowCount)
  guard let base = unsafe products.base else { return }
  unsafe counts.withUnsafeMutableBufferPointer { counts in
    for (row, threshold) in thresholds.enumerated() {
      // Safe: there are as many columns as counts, and as many rows as thresholds; the loop has no
      // checks so that it is vectorised.
      let values = unsafe base + row * products.stride
      for column in 0..<counts.count {
        unsafe counts[column] &+= abs(values[column]) > threshold ? 1 : 0
      }
    }
  }
}
