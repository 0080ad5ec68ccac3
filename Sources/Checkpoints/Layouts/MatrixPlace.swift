/// Where the elements of an expert's matrix lie in a tensor of plain numbers, which may hold those
/// of more.
///
/// A ``Weight`` says where a matrix is read from; this says where it belongs when it is written.
package struct MatrixPlace: Sendable, Hashable {
  /// The tensor's name.
  package let tensor: String
  /// The number of rows of the matrix.
  package let rowCount: Int
  /// The number of its columns.
  package let columnCount: Int

  /// The place along the first axis, and how many there are, where experts are stacked there.
  private let stack: Stack?
  /// The share of the outputs, where two projections are stored as one.
  let part: WeightPart?
  /// Whether the tensor has the inputs before the outputs.
  let isTransposed: Bool

  private struct Stack: Hashable {
    let place: Int
    let count: Int
    /// Whether the axis of experts and the first of the matrices are one.
    let isFlat: Bool
  }

  /// Describes a place.
  ///
  /// - Parameters:
  ///   - tensor: The name of the tensor.
  ///   - rowCount: The number of rows of the matrix itself.
  ///   - columnCount: The number of its columns.
  ///   - expert: The place along the first axis, and how many there are; nil for a tensor of two
  ///     axes.
  ///   - isFlat: Whether the axis of experts and the first of the matrices are one.
  ///   - part: The share of the outputs, where two projections are stored as one.
  ///   - isTransposed: Whether the tensor has the inputs before the outputs.
  package init(
    tensor: String, rowCount: Int, columnCount: Int, expert: (place: Int, count: Int)? = nil,
    isFlat: Bool = false, part: WeightPart? = nil, isTransposed: Bool = false
  ) {
    self.tensor = tensor
    self.rowCount = rowCount
    self.columnCount = columnCount
    stack = expert.map { Stack(place: $0.place, count: $0.count, isFlat: isFlat) }
    self.part = part
    self.isTransposed = isTransposed
  }

  /// The same place in a tensor of another name.
  package func renamed(_ tensor: String) -> MatrixPlace {
    MatrixPlace(
      tensor: tensor, rowCount: rowCount, columnCount: columnCount,
      expert: stack.map { ($0.place, $0.count) }, isFlat: stack?.isFlat ?? false, part: part,
      isTransposed: isTransposed)
  }

  /// The number of elements of the matrix.
  package var elementCount: Int { rowCount * columnCount }

  /// The shape of the whole tensor.
  package var shape: [Int] {
    let arrangement = WeightArrangement(of: self)
    let matrix = [arrangement.rowCount, arrangement.columnCount]
    guard let stack else { return matrix }
    return stack.isFlat ? [stack.count * matrix[0], matrix[1]] : [stack.count] + matrix
  }

  /// The place along the first axis, where experts are stacked there.
  package var expert: Int? { stack?.place }

  /// How many shares the tensor has, where experts are stacked there.
  package var stackCount: Int? { stack?.count }

  /// What tells the matrix from all others, as ``Weight/name`` does: the tensor, and the share of it
  /// in brackets.
  package var name: String { Weight.name(tensor: tensor, expert: expert, part: part) }

  /// Where the elements of a stored row begin in the tensor: of the rows of this expert alone.
  package func firstElement(ofRow row: Int) -> Int {
    let arrangement = WeightArrangement(of: self)
    return ((expert ?? 0) * arrangement.rowCount + row) * arrangement.columnCount
  }
}
