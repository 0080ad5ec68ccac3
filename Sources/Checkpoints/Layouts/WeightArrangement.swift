/// Where the rows of a stored matrix go in the weight that is made of it, and where they come from
/// when a weight is stored.
package struct WeightArrangement: Sendable {
  /// The number of rows of the matrix that is stored: of two projections where they are stored as
  /// one.
  package let rowCount: Int
  /// The number of its columns.
  package let columnCount: Int

  private let weightRowCount: Int
  private let weightColumnCount: Int
  private let isTransposed: Bool
  /// The outputs that are this weight's: from the first on, every so many.
  private let outputs: (first: Int, step: Int)

  private init(rowCount: Int, columnCount: Int, part: WeightPart?, isTransposed: Bool) {
    let outputCount = rowCount * (part == nil ? 1 : 2)
    outputs = part?.outputs(of: rowCount) ?? (0, 1)
    self.isTransposed = isTransposed
    weightRowCount = rowCount
    weightColumnCount = columnCount
    self.rowCount = isTransposed ? columnCount : outputCount
    self.columnCount = isTransposed ? outputCount : columnCount
  }

  init(of weight: Weight) {
    self.init(
      rowCount: weight.rowCount, columnCount: weight.columnCount, part: weight.part,
      isTransposed: weight.isTransposed)
  }

  /// Says how a matrix lies in the tensor that it belongs to.
  package init(of place: MatrixPlace) {
    self.init(
      rowCount: place.rowCount, columnCount: place.columnCount, part: place.part,
      isTransposed: place.isTransposed)
  }

  /// The stored rows that hold some of the weight.
  package var rows: Range<Int> {
    if isTransposed || weightRowCount == 0 { return 0..<rowCount }
    return outputs.first..<outputs.first + (weightRowCount - 1) * outputs.step + 1
  }

  /// Where stored rows begin in the weight, if they stand there as they are; nil otherwise.
  package func start(ofRows stored: Range<Int>) -> Int? {
    guard !isTransposed, outputs.step == 1, stored.lowerBound >= rows.lowerBound,
      stored.upperBound <= rows.upperBound
    else { return nil }
    return (stored.lowerBound - outputs.first) * columnCount
  }

  /// Puts the elements of stored rows in their places in the weight.
  ///
  /// - Parameters:
  ///   - source: The elements of the rows, row after row.
  ///   - stored: Which rows of the stored matrix they are.
  ///   - target: The whole weight, row after row.
  ///   - type: A type of the elements' width.
  package func place<Element: BitwiseCopyable>(
    _ source: RawSpan, rows stored: Range<Int>, into target: inout MutableRawSpan,
    as type: Element.Type
  ) {
    let width = MemoryLayout<Element>.size
    check(stored, storedByteCount: source.byteCount, byteCount: target.byteCount, width: width)
    // Safe: both sides have the sizes above, and every place below is within them.
    unsafe source.withUnsafeBytes { source in
      unsafe target.withUnsafeMutableBytes { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        if isTransposed {
          unsafe transpose(source, stored, target, type)
        } else {
          unsafe copyRows(source, stored, target, width)
        }
      }
    }
  }

  /// Puts the elements of a weight in their places in stored rows, and leaves all others there as
  /// they are: the inverse of ``place(_:rows:into:as:)``.
  ///
  /// - Parameters:
  ///   - weight: The whole weight, row after row.
  ///   - stored: Which rows of the stored matrix they are.
  ///   - target: The elements of the rows, row after row.
  ///   - type: A type of the elements' width.
  package func store<Element: BitwiseCopyable>(
    _ weight: RawSpan, rows stored: Range<Int>, into target: inout MutableRawSpan,
    as type: Element.Type
  ) {
    let width = MemoryLayout<Element>.size
    check(stored, storedByteCount: target.byteCount, byteCount: weight.byteCount, width: width)
    // Safe: both sides have the sizes above, and every place below is within them.
    unsafe weight.withUnsafeBytes { weight in
      unsafe target.withUnsafeMutableBytes { target in
        guard let weight = weight.baseAddress, let target = target.baseAddress else { return }
        guard isTransposed else {
          let rowByteCount = columnCount * width
          forEachRow(of: stored) { row, place in
            // Safe: the row is one of the weight's, and of those that are stored.
            unsafe (target + row * rowByteCount).copyMemory(
              from: weight + place * rowByteCount, byteCount: rowByteCount)
          }
          return
        }
        forEachElement(of: stored) { element, place in
          // Safe: as above, of elements.
          let value = unsafe weight.loadUnaligned(fromByteOffset: place * width, as: type)
          unsafe target.storeBytes(of: value, toByteOffset: element * width, as: type)
        }
      }
    }
  }

  private func check(
    _ stored: Range<Int>, storedByteCount: Int, byteCount: Int, width: Int
  ) {
    precondition(
      storedByteCount == stored.count * columnCount * width
        && byteCount == weightRowCount * weightColumnCount * width
        && stored.lowerBound >= 0 && stored.upperBound <= rowCount,
      "rows \(stored) of \(rowCount) x \(columnCount) in \(storedByteCount) bytes")
  }

  private func copyRows(
    _ source: UnsafeRawPointer, _ stored: Range<Int>, _ target: UnsafeMutableRawPointer,
    _ width: Int
  ) {
    let rowByteCount = columnCount * width
    if let start = start(ofRows: stored) {
      // Safe: all rows lie within the weight, one after the other.
      unsafe (target + start * width).copyMemory(
        from: source, byteCount: stored.count * rowByteCount)
      return
    }
    forEachRow(of: stored) { row, place in
      // Safe: the row is one of the weight's.
      unsafe (target + place * rowByteCount).copyMemory(
        from: source + row * rowByteCount, byteCount: rowByteCount)
    }
  }

  /// The rows of the weight among stored ones: each counted from the first of these, and its number
  /// in the weight.
  @inline(__always)
  private func forEachRow(of stored: Range<Int>, _ body: (_ row: Int, _ place: Int) -> Void) {
    for row in stored where row >= rows.lowerBound && row < rows.upperBound {
      let (place, remainder) = (row - outputs.first).quotientAndRemainder(
        dividingBy: outputs.step)
      if remainder == 0 { body(row - stored.lowerBound, place) }
    }
  }

  /// The elements of the weight in stored rows where inputs stand before outputs: each counted from
  /// the first of these rows, and its number in the weight.
  ///
  /// Tile by tile, so that lines of the cache are used whole on both sides.
  @inline(__always)
  private func forEachElement(
    of stored: Range<Int>, _ body: (_ element: Int, _ place: Int) -> Void
  ) {
    for tile in stride(from: 0, to: weightRowCount, by: 32) {
      for input in stored {
        let row = (input - stored.lowerBound) * columnCount + outputs.first
        for output in tile..<min(weightRowCount, tile + 32) {
          body(row + output * outputs.step, output * weightColumnCount + input)
        }
      }
    }
  }

  private func transpose<Element: BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ stored: Range<Int>, _ target: UnsafeMutableRawPointer,
    _ type: Element.Type
  ) {
    let width = MemoryLayout<Element>.size
    forEachElement(of: stored) { element, place in
      // Safe: the input is a column of the weight, the output a row of it.
      let value = unsafe source.loadUnaligned(fromByteOffset: element * width, as: type)
      unsafe target.storeBytes(of: value, toByteOffset: place * width, as: type)
    }
  }
}
