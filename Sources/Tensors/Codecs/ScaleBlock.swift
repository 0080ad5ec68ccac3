/// The rows and columns of a stored matrix that share a scale.
struct ScaleBlock: Equatable, Sendable {
  let rows: Int
  let columns: Int

  /// The number of blocks that a matrix has down and across.
  func grid(of stored: PackedMatrix) -> [Int] {
    [stored.rowCount.divided(by: rows), stored.columnCount.divided(by: columns)]
  }

  /// All of a matrix.
  static func whole(of stored: PackedMatrix) -> ScaleBlock {
    ScaleBlock(rows: max(1, stored.rowCount), columns: max(1, stored.columnCount))
  }

  /// In words, such as `a scale for 128 x 128`.
  func words(for stored: PackedMatrix) -> String {
    switch (rows >= stored.rowCount, columns >= stored.columnCount) {
    case (true, true): "one scale"
    case (false, true) where rows == 1: "a scale for each row"
    case (true, false) where columns == 1: "a scale for each column"
    default: "a scale for \(rows) x \(columns)"
    }
  }
}

extension Int {
  /// How many parts of a size it takes to hold as much; none of it overflows.
  func divided(by size: Int) -> Int { self / size + (isMultiple(of: size) ? 0 : 1) }
}

extension Int {
  /// How many words of 32 bits hold as many integers of some bits, without a gap.
  func words(ofBits bitCount: Int) -> Int {
    let (words, rest) = quotientAndRemainder(dividingBy: 32)
    let whole = words.multipliedReportingOverflow(by: bitCount)
    return whole.overflow ? .max : whole.partialValue + (rest * bitCount).divided(by: 32)
  }
}

extension ElementType {
  /// What scales of this type are read as: U8 holds exponents of two.
  var orPowers: ElementType { self == .u8 ? .f8E8M0 : self }
}

extension PackedMatrix {
  /// What one scale is for, by the shape of the scales: the whole matrix, a row, a column, a block.
  ///
  /// Of several blocks that would give that shape, the one in config.json counts, then those that are
  /// usual for the format, then, where config.json gives none, the one that divides the matrix evenly.
  /// One axis of scales, or one and a 1 after it, is that of outputs where it could be either.
  ///
  /// - Parameter usual: The blocks that are usual.
  /// - Returns: The rows and columns that share a scale.
  /// - Throws: ``PackingProblem/wrongShape(_:expected:)``, with the shape for the first of all
  ///   blocks, where none gives the shape; ``PackingProblem/missing(_:)`` where there are no scales.
  func scaleBlock(usual: [ScaleBlock]) throws(PackingProblem) -> ScaleBlock {
    guard let shape = companions[.scales]?.shape else { throw .missing(.scales) }
    let (rows, columns) = (max(1, rowCount), max(1, columnCount))
    if shape.allSatisfy({ $0 == 1 }) { return .whole(of: self) }
    // One axis of scales is that of outputs, wherever both would do.
    let ofRow = ScaleBlock(rows: 1, columns: columns)
    let ofColumn = ScaleBlock(rows: rows, columns: 1)
    if hasInputsFirst, [[columns, 1], [columns]].contains(shape) { return ofColumn }
    if [[rows, 1], [rows]].contains(shape) { return ofRow }
    if [[1, columns], [columns]].contains(shape) { return ofColumn }

    var blocks: [ScaleBlock] = []
    if let block = notes.block, block.count == 2, block.allSatisfy({ $0 > 0 }) {
      blocks.append(ScaleBlock(rows: block[0], columns: block[1]))
    }
    if let size = notes.groupSize, size > 0 { blocks.append(ScaleBlock(rows: 1, columns: size)) }
    let isNoted = !blocks.isEmpty
    blocks += usual
    if let block = blocks.first(where: { $0.grid(of: self) == shape }) { return block }
    if !isNoted, shape.count == 2, shape.allSatisfy({ $0 > 0 }), rows.isMultiple(of: shape[0]),
      columns.isMultiple(of: shape[1])
    {
      return ScaleBlock(
        rows: try evenSize(of: rows, in: shape[0]), columns: try evenSize(of: columns, in: shape[1])
      )
    }
    throw .wrongShape(.scales, expected: blocks.first?.grid(of: self) ?? [rows, 1])
  }

  /// How many of some places a block has where as many blocks divide them evenly.
  ///
  /// - Throws: ``PackingProblem/unsupported(_:advice:)`` where blocks of a usual size, the last of them not
  ///   full, would be as many.
  func evenSize(of count: Int, in blocks: Int) throws(PackingProblem) -> Int {
    let size = count / blocks
    let others = [16, 32, 64, 128, 256].filter { $0 != size && count.divided(by: $0) == blocks }
    guard blocks > 1, let other = others.first else { return size }
    throw .unsupported("values with scales for \(size) or for \(other), and nothing tells which")
  }

  /// Expects a shape of the values.
  func expectValues(_ shape: [Int]) throws(PackingProblem) {
    guard values.shape == shape else { throw .wrongShape(nil, expected: shape) }
  }

  /// Finds what must stand beside the values.
  ///
  /// - Parameters:
  ///   - role: What it is for.
  ///   - types: The types that it may have.
  ///   - shapes: The shapes that it may have; nil where any will do.
  /// - Returns: What there is.
  /// - Throws: That it is missing, or what is wrong with it.
  func part(
    _ role: CompanionRole, _ types: [ElementType], shapes: [[Int]]? = nil
  ) throws(PackingProblem) -> Part {
    guard let part = companions[role] else { throw .missing(role) }
    guard types.contains(part.elementType) else { throw .wrongType(role, expected: types) }
    if let shapes, !shapes.contains(part.shape) {
      throw .wrongShape(role, expected: shapes[0])
    }
    return part
  }

  /// How many bits an integer has, where its shape tells: that which config.json says if it does, but
  /// some programs store some matrices otherwise.
  ///
  /// - Parameter fits: Whether the shape of the values is that of integers of so many bits.
  /// - Returns: A number of bits from 2 to 8.
  func bitCount(where fits: (_ bitCount: Int) -> Bool) -> Int? {
    if let noted = notes.bitCount, (2...8).contains(noted), fits(noted) { return noted }
    return [4, 8, 2, 3, 5, 6, 7].first(where: fits)
  }

  /// How many bits an integer should have.
  var usualBits: Int { notes.bitCount.flatMap { (2...8).contains($0) ? $0 : nil } ?? 4 }
}
