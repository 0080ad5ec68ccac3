import Synchronization
public import Tensors

/// The sum of X^T X over blocks of rows, in double precision, in tiles that can be worked on side
/// by side.
///
/// ```swift
/// let gram = GramMatrix(dimension: 2048)
/// for block in blocks {
///   for tile in 0..<gram.tileCount { gram.add(block, toTile: tile) }
/// }
/// let leading = try gram.leadingEigenvectors(count: 16)
/// ```
///
/// The sum is rounded in the order in which blocks are added: where each tile is given the blocks
/// in the same order, the result has the same bytes, whatever the number of workers.
public final class GramMatrix: Sendable {
  /// d, the number of columns of every block.
  public let dimension: Int

  /// The number of tiles: those on and below the diagonal of the d x d matrix, of up to 512 rows
  /// and columns each.
  public var tileCount: Int { tiles.count }

  private let tiles: [Tile]

  /// Makes a sum of nothing: d x d zeros.
  ///
  /// - Precondition: The dimension is positive.
  /// - Complexity: O(d^2) time; memory for d^2 / 2 + 256 d numbers.
  public init(dimension: Int) {
    precondition(dimension > 0, "a Gram matrix of \(dimension) columns")
    self.dimension = dimension
    let width = 512
    let ranges = stride(from: 0, to: dimension, by: width).map { $0..<min(dimension, $0 + width) }
    tiles = ranges.indices.flatMap { row in
      (0...row).map { Tile(rows: ranges[row], columns: ranges[$0]) }
    }
  }

  /// Adds a block of rows to one tile.
  ///
  /// Tiles are independent of each other: different tiles may be added to at once.
  ///
  /// - Parameters:
  ///   - block: T rows x d columns, every element finite.
  ///   - tile: Which tile, in `0..<tileCount`; every block has to be added to each of them once.
  /// - Precondition: The block has d columns, and there is such a tile.
  /// - Complexity: O(T * 512^2), one product of matrices.
  public func add(_ block: Matrix<Double>, toTile tile: Int) {
    precondition(
      block.columnCount == dimension, "\(block.columnCount) columns instead of \(dimension)")
    precondition(tiles.indices.contains(tile), "there is no tile \(tile) of \(tileCount)")
    tiles[tile].add(block)
  }

  /// Subtracts a multiple of a vector's products with itself from every tile.
  ///
  /// With the mean of all T rows and a factor of T, it leaves the sum of centred rows.
  ///
  /// - Parameters:
  ///   - vector: d numbers.
  ///   - factor: What the products are multiplied by.
  /// - Precondition: The vector has d elements.
  /// - Complexity: O(d^2)
  public func subtractOuterProduct(of vector: [Double], times factor: Double) {
    precondition(vector.count == dimension, "\(vector.count) elements instead of \(dimension)")
    for tile in tiles { tile.subtractOuterProduct(of: vector, times: factor) }
  }

  /// The sum of the diagonal: the squared Frobenius norm of all rows so far.
  public var trace: Double {
    diagonal().reduce(0, +)
  }

  /// Computes the leading eigenpairs.
  ///
  /// - Parameter count: How many are wanted.
  /// - Returns: The largest eigenvalues of X^T X, largest first (squares of singular values of X),
  ///   with an absolute error of a few dozen ulp of the largest, so that zeros may come out
  ///   negative; d x count orthonormal vectors, one in each column, of arbitrary sign.
  /// - Throws: ``LinearAlgebraError/notFinite(row:column:)`` with the first place on the diagonal
  ///   that is not a finite number, which is the column of X that holds one; LAPACK's own failures.
  /// - Precondition: `count` is in `1...dimension`.
  /// - Complexity: O(d^3) time; memory for d^2 + d count numbers beside the tiles.
  ///
  /// Source: LAPACK's `dsyevr`.
  public func leadingEigenvectors(
    count: Int
  ) throws(LinearAlgebraError) -> (values: [Double], vectors: Matrix<Double>) {
    precondition(1 <= count && count <= dimension, "\(count) of \(dimension) eigenvectors")
    if let bad = diagonal().firstIndex(where: { !$0.isFinite }) {
      throw .notFinite(row: bad, column: bad)
    }
    var lower = Matrix<Double>(rowCount: dimension, columnCount: dimension)
    for tile in tiles { tile.copy(into: &lower) }
    let pairs = try largestEigenpairs(overwriting: &lower, triangle: .lower, count: count)
    // LAPACK orders upwards.
    var descending: [Double] = []
    descending.reserveCapacity(count * dimension)
    for vector in (0..<count).reversed() {
      descending += pairs.vectors.elements[vector * dimension..<(vector + 1) * dimension]
    }
    return (
      pairs.values.reversed(),
      Matrix(rowCount: count, columnCount: dimension, elements: descending).transposed()
    )
  }

  private func diagonal() -> [Double] {
    tiles.flatMap { $0.diagonal() }
  }
}

/// A rectangle of the sum, behind a lock of its own; on the diagonal only its lower triangle
/// counts.
private final class Tile: Sendable {
  let rows: Range<Int>
  let columns: Range<Int>
  let sums: Mutex<Matrix<Double>>

  init(rows: Range<Int>, columns: Range<Int>) {
    self.rows = rows
    self.columns = columns
    sums = Mutex(Matrix(rowCount: rows.count, columnCount: columns.count))
  }

  func add(_ block: Matrix<Double>) {
    sums.withLock { sums in
      sums.withMutableView { target in
        block.withView { block in
          if rows == columns {
            addSquare(of: block.columns(rows), toLowerTriangleOf: target)
          } else {
            multiply(
              block.columns(rows).transposed, block.columns(columns), keeping: 1, into: target)
          }
        }
      }
    }
  }

  func subtractOuterProduct(of vector: [Double], times factor: Double) {
    sums.withLock { sums in
      for (place, row) in rows.enumerated() {
        let scale = factor * vector[row]
        for (offset, column) in columns.enumerated() {
          sums.elements[place * columns.count + offset] -= scale * vector[column]
        }
      }
    }
  }

  /// The elements of the diagonal, where this tile lies on it.
  func diagonal() -> [Double] {
    guard rows == columns else { return [] }
    return sums.withLock { sums in (0..<rows.count).map { sums[$0, $0] } }
  }

  func copy(into whole: inout Matrix<Double>) {
    sums.withLock { sums in
      for (place, row) in rows.enumerated() {
        let start = row * whole.columnCount + columns.lowerBound
        whole.elements.replaceSubrange(
          start..<start + columns.count,
          with: sums.elements[place * columns.count..<(place + 1) * columns.count])
      }
    }
  }
}
