import TensorFiles
import Tensors

extension CaptureContents {
  /// What the file says of padding, for its identity.
  var paddingTensors: [TensorDescription] {
    [.attentionMask, .paddingMask, .sequenceLengths].compactMap { tensors[$0] }
  }

  /// Marks the rows that are padding by what the file says.
  ///
  /// - Parameters:
  ///   - marks: Tells which rows hold nothing or repeat their neighbours; those that are padding are
  ///     marked.
  ///   - sequences: The rows of each sequence.
  /// - Returns: The name of the tensor that says so; nil where the file says nothing.
  /// - Throws: ``CaptureError`` where it contradicts itself; the file's error when it cannot be read.
  func markPadding(
    in marks: inout [RowMarks], sequences: [Range<Int>]
  ) throws -> String? {
    let lengths = try tensors[.sequenceLengths].map { try values(ofLengths: $0, sequences) }
    guard let mask = try mask(of: sequences, marks: marks) else {
      guard let tensor = tensors[.sequenceLengths], let lengths else { return nil }
      let isBefore = try isPaddedBefore(lengths, in: marks, sequences, tensor: tensor.name)
      for (rows, length) in zip(sequences, lengths) {
        for row in isBefore ? rows.dropLast(length) : rows.dropFirst(length) {
          marks[row].insert(.padding)
        }
      }
      return tensor.name
    }
    for (sequence, rows) in sequences.enumerated() {
      let count = mask.isToken.map { isToken in rows.count { isToken[$0] } } ?? rows.count
      guard let length = lengths?[sequence], length != count else { continue }
      throw CaptureError.lengthAgainstMask(
        path: path, tensor: tensors[.sequenceLengths]?.name ?? "", sequence: sequence,
        length: length, mask: mask.name, count: count)
    }
    for (row, isToken) in (mask.isToken ?? []).enumerated() where !isToken {
      marks[row].insert(.padding)
    }
    return mask.name
  }

  // MARK: The mask

  /// What a mask says: whether each row is a token; nil where it speaks of rows that the file has
  /// left out already.
  private struct Mask {
    let name: String
    let isToken: [Bool]?
  }

  private func mask(of sequences: [Range<Int>], marks: [RowMarks]) throws -> Mask? {
    if let tensor = tensors[.attentionMask] {
      return Mask(name: tensor.name, isToken: try values(ofMask: tensor, sequences))
    }
    guard let tensor = tensors[.paddingMask] else { return nil }
    guard let isSet = try values(ofMask: tensor, sequences, isPacked: false) else { return nil }
    // Libraries disagree about what 1 means there: padding is what looks like it.
    let senses = [false, true].filter { sense in
      zip(isSet, marks).allSatisfy { $0 != sense || $1.looksLikePadding }
    }
    guard senses.count == 1 else {
      throw CaptureError.maskOfTwoSenses(path: path, tensor: tensor.name)
    }
    return Mask(name: tensor.name, isToken: isSet.map { $0 != senses[0] })
  }

  /// The values of a mask for each row, whether 0 or not.
  ///
  /// - Returns: Nil where the mask is of rows with padding, but the file holds the tokens alone.
  private func values(
    ofMask tensor: TensorDescription, _ sequences: [Range<Int>], isPacked: Bool = true
  ) throws -> [Bool]? {
    let type = tensor.elementType
    guard integerTypes.contains(type) || type == .bool || type.isDecodable else {
      throw CaptureError.notIntegers(path: path, tensor: tensor.name, elementType: type)
    }
    let rowCount = sequences.last?.upperBound ?? 0
    let shape = tensor.shape
    let isList = [[rowCount], [1, rowCount], [rowCount, 1]].contains(shape)
    let isTable =
      shape.count == 2 && shape[0] == sequences.count
      && sequences.allSatisfy { $0.count == shape[1] }
    let isOfSequences = shape.count == 2 && shape[0] == sequences.count && shape[1] > 0
    guard isList || isTable || isPacked && isOfSequences else {
      throw wrongShape(ofMask: tensor, sequences)
    }
    var numbers = StoredIntegers(tensor, of: stored.file)
    func isSet(_ place: Int) throws -> Bool {
      let value = try numbers.value(at: place)
      guard value >= 0 else {
        throw CaptureError.notAMask(
          path: path, tensor: tensor.name, place: place, value: "\(value)")
      }
      return value != 0
    }
    if isList || isTable { return try (0..<rowCount).map(isSet) }
    for (sequence, rows) in sequences.enumerated() {
      let places = sequence * shape[1]..<(sequence + 1) * shape[1]
      guard try places.count(where: isSet) == rows.count else {
        throw wrongShape(ofMask: tensor, sequences)
      }
    }
    return nil
  }

  private func wrongShape(
    ofMask tensor: TensorDescription, _ sequences: [Range<Int>]
  ) -> CaptureError {
    let lengths = Set(sequences.map(\.count))
    let table =
      lengths.count == 1
      ? " or \(sequences.count) x \(lengths.first ?? 0), as the sequences are" : ""
    return .wrongShape(
      path: path, tensor: tensor.name, shape: tensor.shape,
      expected: "\(sequences.last?.upperBound ?? 0), one for each row,\(table)")
  }

  // MARK: The lengths

  private func values(
    ofLengths tensor: TensorDescription, _ sequences: [Range<Int>]
  ) throws -> [Int] {
    try requireIntegers(tensor)
    guard tensor.rowCount == sequences.count else {
      throw CaptureError.wrongShape(
        path: path, tensor: tensor.name, shape: tensor.shape,
        expected: "\(sequences.count), one for each sequence")
    }
    var numbers = StoredIntegers(tensor, of: stored.file)
    return try sequences.enumerated().map { sequence, rows in
      let length = try numbers.value(at: sequence)
      guard (0...rows.count).contains(length) else {
        throw CaptureError.lengthOutside(
          path: path, tensor: tensor.name, sequence: sequence, value: length,
          rowCount: rows.count)
      }
      return length
    }
  }

  /// Whether sequences are padded before their tokens: where the first rows look like padding, and
  /// the last ones do not.
  private func isPaddedBefore(
    _ lengths: [Int], in marks: [RowMarks], _ sequences: [Range<Int>], tensor: String
  ) throws(CaptureError) -> Bool {
    var areBefore: Set<Bool> = []
    for (rows, length) in zip(sequences, lengths) where length < rows.count {
      let looksLikePadding = { (rows: Range<Int>) in rows.allSatisfy { marks[$0].looksLikePadding }
      }
      let before = looksLikePadding(rows.dropLast(length))
      if before != looksLikePadding(rows.dropFirst(length)) { areBefore.insert(before) }
    }
    guard areBefore.count < 2 else { throw .paddedOnBothSides(path: path, tensor: tensor) }
    return areBefore.contains(true)
  }
}
