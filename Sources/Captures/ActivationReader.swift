public import Tensors

/// Reads rows of activations as single precision, through memory that is used again.
///
/// Besides the rows that are asked for, it holds at most a mebibyte, or two rows where those are
/// longer. The block that was read last stays with it, and the next one takes its memory unless
/// somebody holds it still; to change a block, read into a matrix of your own.
public struct ActivationReader: Sendable {
  /// So many bytes between two rows are read with them rather than skipped: a second read costs
  /// more than these.
  private static let largestGap = 1 << 14

  /// So many values are read at a time where not all of them are wanted.
  private static let pieceCount = 1 << 17

  private var reader = RowReader()
  private var piece: [Float] = []
  private var block = Matrix<Float>(rowCount: 0, columnCount: 0)

  /// Makes a reader without memory.
  public init() {}

  /// Reads consecutive rows.
  ///
  /// - Parameters:
  ///   - rows: The tokens; within `0..<rowCount` of the matrix.
  ///   - source: A matrix of activations.
  /// - Returns: One row for each token, every value finite, but for router logits of -infinity.
  /// - Throws: ``CaptureError/notFinite(path:tensor:token:column:isNaN:elementType:)``, and the
  ///   file's error when it cannot be read.
  /// - Complexity: O(values read) time; memory for the rows, and half a mebibyte.
  public mutating func read(
    _ rows: Range<Int>, of source: ActivationRows
  ) throws -> Matrix<Float> {
    // Taken out while it is written, so that only a caller who holds it makes it be copied.
    var matrix = Matrix<Float>(rowCount: 0, columnCount: 0)
    swap(&matrix, &block)
    try read(rows, of: source, into: &matrix)
    block = matrix
    return matrix
  }

  /// Reads consecutive rows into a matrix, whose memory is used again if it has the right size.
  ///
  /// - Parameters:
  ///   - rows: The tokens; within `0..<rowCount` of the matrix on disk.
  ///   - source: A matrix of activations.
  ///   - matrix: Takes one row for each token; holds nothing of use after an error.
  /// - Throws: As ``read(_:of:)``.
  /// - Complexity: O(values read) time; no memory that grows with the rows, if the size is right.
  public mutating func read(
    _ rows: Range<Int>, of source: ActivationRows, into matrix: inout Matrix<Float>
  ) throws {
    precondition(
      rows.lowerBound >= 0 && rows.upperBound <= source.rowCount,
      "rows \(rows) of \(source.place), which has \(source.rowCount)")
    if matrix.rowCount != rows.count || matrix.columnCount != source.width {
      matrix = Matrix(rowCount: rows.count, columnCount: source.width)
    }
    if let stored = source.tokens.consecutiveRows(of: rows) {
      try reader.read(rows: stored, of: source.tensor, in: source.file, into: &matrix.elements)
    } else {
      try gather(source.tokens.rows(of: rows), of: source, into: &matrix.elements)
    }
    if let place = source.firstUnfit(in: matrix.elements) {
      throw source.notFinite(
        matrix.elements[place], token: rows.lowerBound + place / source.width,
        column: place % source.width)
    }
  }

  /// Reads chosen rows: neighbours at once, close ones together, far ones each by itself.
  ///
  /// Values between the chosen rows may be read too, but are not looked at.
  ///
  /// - Parameters:
  ///   - places: The tokens, ascending; within `0..<rowCount` of the matrix.
  ///   - source: A matrix of activations.
  /// - Returns: One row for each token, in their order; values as of ``read(_:of:)``.
  /// - Throws: As ``read(_:of:)``.
  /// - Precondition: No token comes twice.
  /// - Complexity: O(values read) time; memory for the rows, and a mebibyte.
  public mutating func read(
    rowsAt places: [Int], of source: ActivationRows
  ) throws -> Matrix<Float> {
    precondition(
      zip(places, places.dropFirst()).allSatisfy { $0 < $1 }
        && places.first ?? 0 >= 0 && places.last ?? -1 < source.rowCount,
      "the tokens do not ascend within the \(source.rowCount) rows of \(source.place)")
    let width = source.width
    var matrix = Matrix<Float>(rowCount: places.count, columnCount: width)
    try gather(places.map { source.tokens[$0] }, of: source, into: &matrix.elements)
    if let place = source.firstUnfit(in: matrix.elements) {
      throw source.notFinite(
        matrix.elements[place], token: places[place / width], column: place % width)
    }
    return matrix
  }

  /// Reads stored rows, ascending, one after the other into the places from the first on.
  private mutating func gather(
    _ places: [Int], of source: ActivationRows, into elements: inout [Float]
  ) throws {
    let width = source.width
    var start = 0
    while start < places.count {
      let end = endOfPiece(from: start, in: places, of: source)
      let span = places[start]..<places[end - 1] + 1
      if span.count == end - start {
        try reader.read(
          rows: span, of: source.tensor, in: source.file, into: &elements, at: start * width)
      } else {
        if piece.count < span.count * width {
          piece = [Float](repeating: 0, count: span.count * width)
        }
        try reader.read(rows: span, of: source.tensor, in: source.file, into: &piece)
        for index in start..<end {
          let first = (places[index] - span.lowerBound) * width
          elements.replaceSubrange(
            index * width..<(index + 1) * width, with: piece[first..<first + width])
        }
      }
      start = end
    }
  }

  /// Where the rows end that are read at once with the one at `start`: a run of neighbours of any
  /// length, or rows with small gaps that a piece can hold.
  private func endOfPiece(from start: Int, in places: [Int], of source: ActivationRows) -> Int {
    let largestStep = 1 + Self.largestGap / source.rowByteCount
    let rowsAtOnce = max(1, Self.pieceCount / source.width)
    var end = start + 1
    while end < places.count {
      let isRun = places[end] - places[start] == end - start
      let isClose = places[end] - places[end - 1] <= largestStep
      guard isRun || isClose && places[end] - places[start] < rowsAtOnce else { break }
      end += 1
    }
    return end
  }
}

extension ActivationRows {
  /// The place of the first value that no activation has; nil where all are fit.
  fileprivate func firstUnfit(in values: [Float]) -> Int? {
    guard let first = firstNotFinite(in: values) else { return nil }
    guard mayBarExperts else { return first }
    return values[first...].firstIndex { !$0.isFinite && $0 != -.infinity }
  }

  /// The error about a value, which names the row as it is stored.
  fileprivate func notFinite(_ value: Float, token: Int, column: Int) -> CaptureError {
    .notFinite(
      path: file.path, tensor: tensor.name, token: tokens[token], column: column,
      isNaN: value.isNaN,
      elementType: tensor.elementType)
  }
}
