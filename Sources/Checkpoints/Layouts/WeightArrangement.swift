/// Where the rows of a stored matrix go in the weight that is made of it.
struct WeightArrangement: Sendable {
  /// The size of the matrix that is stored: that of two projections where they are stored as one.
  let rowCount: Int
  let columnCount: Int

  private let weightRowCount: Int
  private let weightColumnCount: Int
  private let isTransposed: Bool
  /// The outputs that are this weight's: from the first on, every so many.
  private let outputs: (first: Int, step: Int)

  init(of weight: Weight) {
    let outputCount = weight.rowCount * (weight.part == nil ? 1 : 2)
    outputs = weight.part?.outputs(of: weight.rowCount) ?? (0, 1)
    isTransposed = weight.isTransposed
    weightRowCount = weight.rowCount
    weightColumnCount = weight.columnCount
    rowCount = isTransposed ? weight.columnCount : outputCount
    columnCount = isTransposed ? outputCount : weight.columnCount
  }

  /// The stored rows that hold some of the weight.
  var rows: Range<Int> {
    if isTransposed || weightRowCount == 0 { return 0..<rowCount }
    return outputs.first..<outputs.first + (weightRowCount - 1) * outputs.step + 1
  }

  /// Where stored rows begin in the weight, if they stand there as they are; nil otherwise.
  func start(ofRows stored: Range<Int>) -> Int? {
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
  func place<Element: BitwiseCopyable>(
    _ source: RawSpan, rows stored: Range<Int>, into target: inout MutableRawSpan,
    as type: Element.Type
  ) {
    let width = MemoryLayout<Element>.size
    precondition(
      source.byteCount == stored.count * columnCount * width
        && target.byteCount == weightRowCount * weightColumnCount * width
        && stored.lowerBound >= 0 && stored.upperBound <= rowCount,
      "rows \(stored) of \(rowCount) x \(columnCount) in \(source.byteCount) bytes")
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
    for row in stored where row >= rows.lowerBound && row < rows.upperBound {
      let (place, remainder) = (row - outputs.first).quotientAndRemainder(
        dividingBy: outputs.step)
      if remainder != 0 { continue }
      // Safe: the row is one of the weight's.
      unsafe (target + place * rowByteCount).copyMemory(
        from: source + (row - stored.lowerBound) * rowByteCount, byteCount: rowByteCount)
    }
  }

  /// Tile by tile, so that lines of the cache are used whole on both sides.
  private func transpose<Element: BitwiseCopyable>(
    _ source: UnsafeRawPointer, _ stored: Range<Int>, _ target: UnsafeMutableRawPointer,
    _ type: Element.Type
  ) {
    let width = MemoryLayout<Element>.size
    for tile in stride(from: 0, to: weightRowCount, by: 32) {
      let outputs = tile..<min(weightRowCount, tile + 32)
      for input in stored {
        let row = (input - stored.lowerBound) * columnCount + self.outputs.first
        for output in outputs {
          // Safe: the input is a column of the weight, the output a row of it.
          let element = unsafe source.loadUnaligned(
            fromByteOffset: (row + output * self.outputs.step) * width, as: type)
          unsafe target.storeBytes(
            of: element, toByteOffset: (output * weightColumnCount + input) * width, as: type)
        }
      }
    }
  }
}
