/// The scales and zero points of groups of inputs, where inputs stand before outputs: what GPTQ and
/// AWQ have in common.
struct GroupedIntegers: Sendable {
  /// How many bits a value has, and a zero point.
  let bitCount: Int
  /// How many inputs a group has; nil where a tensor tells the group of each.
  let groupSize: Int?
  /// The place in a word, counted from its lowest bits, of each output that the word holds.
  let places: [Int]
  /// What is added to the words of zero points, as to one number.
  let zeroOffset: UInt32

  /// How integers between the least and the largest number of a group are rounded; nil where groups
  /// are of no size of their own.
  var rounding: Rounding? { groupSize.map { Rounding(bitCount: bitCount, blockSize: $0) } }

  /// The scales and zero points that some inputs need, row after row of outputs.
  struct Rows {
    /// Where the group of each input starts; nil where there is no such group.
    let starts: [Int?]
    let scales: [Float]
    let zeros: [Float]
  }

  /// Finds what some inputs need.
  ///
  /// - Precondition: The first companions are scales, zero points, and the order where there is one.
  func rows(for rows: CodedRows) -> Rows {
    let columnCount = rows.columnCount
    let scales = rows.companions[0]
    let groupCount = scales.count / columnCount
    let groups =
      groupSize.map { size in rows.range.map { $0 / size } }
      ?? inputGroups(rows, groupCount: groupCount)
    var slots: [Int: Int] = [:]
    var decoded: (scales: [Float], zeros: [Float]) = ([], [])
    let starts = groups.map { group -> Int? in
      guard group >= 0, group < groupCount else { return nil }
      if let start = slots[group] { return start }
      let start = decoded.scales.count
      slots[group] = start
      decoded.scales += scales.numbers(group * columnCount..<(group + 1) * columnCount)
      decoded.zeros += zeros(ofGroup: group, rows.companions[1], count: columnCount)
      return start
    }
    return Rows(starts: starts, scales: decoded.scales, zeros: decoded.zeros)
  }

  /// The groups of inputs as a tensor tells them; -1 where it tells one group for all though there
  /// are several, which some programs write and others take for no order.
  private func inputGroups(_ rows: CodedRows, groupCount: Int) -> [Int] {
    let order = rows.companions[2]
    let isBlank = groupCount > 1 && order.integers(0..<order.shape[0]).allSatisfy { $0 == 0 }
    return isBlank
      ? [Int](repeating: -1, count: rows.range.count) : order.integers(rows.range)
  }

  private func zeros(
    ofGroup group: Int, _ zeros: CodedRows.Companion, count: Int
  ) -> [Float] {
    let wordCount = count.divided(by: places.count)
    let mask = UInt32(1) << bitCount - 1
    let words = zeros.words(group * wordCount..<(group + 1) * wordCount)
    return (0..<count).map { column in
      let (word, place) = column.quotientAndRemainder(dividingBy: places.count)
      return Float(Int32((words[word] &+ zeroOffset) >> UInt32(bitCount * places[place]) & mask))
    }
  }
}

extension GroupedIntegers.Rows {
  /// Writes the numbers of a row, all of them NaN where its group is not there; `stored` tells the
  /// stored integer of a column.
  @inline(__always)
  func scale(
    _ places: UnsafeMutablePointer<Float>, ofRow row: Int, count: Int,
    stored: (_ column: Int) -> UInt32
  ) {
    guard let start = starts[row] else {
      // Safe: as many places as columns.
      unsafe places.update(repeating: .nan, count: count)
      return
    }
    unsafe scales.withUnsafeBufferPointer { scales in
      unsafe zeros.withUnsafeBufferPointer { zeros in
        // Safe: each group has a scale and a zero point for each column.
        guard let scales = scales.baseAddress, let zeros = zeros.baseAddress else { return }
        let (scale, zero) = unsafe (scales + start, zeros + start)
        for column in 0..<count {
          let number = Float(Int32(truncatingIfNeeded: stored(column)))
          unsafe places[column] = (number - zero[column]) * scale[column]
        }
      }
    }
  }
}

extension PackedMatrix {
  /// How many inputs a group has by the number of groups; nil where the order tells.
  ///
  /// - Parameter hasOrder: Whether a tensor tells the group of each input.
  /// - Returns: The number of inputs.
  /// - Throws: What is wrong with the scales.
  func groupSize(hasOrder: Bool) throws(PackingProblem) -> Int? {
    let scales = try part(.scales, [.f16, .bf16, .f32])
    guard scales.shape.count == 2, scales.shape[1] == columnCount, scales.shape[0] > 0 else {
      let size = notes.groupSize.flatMap { $0 > 0 ? $0 : nil } ?? max(1, rowCount)
      throw .wrongShape(.scales, expected: [rowCount.divided(by: size), columnCount])
    }
    if hasOrder { return nil }
    if notes.hasOrder == true { throw .missing(.order) }
    let groupCount = scales.shape[0]
    if groupCount == 1 { return max(1, rowCount) }
    let noted = notes.groupSize.flatMap { $0 > 0 ? $0 : nil }
    if let noted, rowCount.divided(by: noted) == groupCount { return noted }
    guard noted == nil, rowCount > 0, rowCount.isMultiple(of: groupCount) else {
      throw .wrongShape(.scales, expected: [rowCount.divided(by: noted ?? 128), columnCount])
    }
    return try evenSize(of: rowCount, in: groupCount)
  }
}
