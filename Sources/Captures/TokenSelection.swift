import Tensors

/// Which rows of a capture are tokens that the model saw, and why the others are not.
struct TokenSelection {
  let tokens: TokenRows
  let rows: CapturedRows

  /// Looks at all matrices and at what the file says of padding.
  ///
  /// A row counts in all layers or in none: it is left out where any of them holds nothing in it.
  ///
  /// - Parameters:
  ///   - contents: What the file holds.
  ///   - layers: The layers, with all rows.
  ///   - sequences: The rows of each sequence.
  ///   - dropsRepeats: Whether rows that are there three times or more are left out.
  /// - Throws: ``CaptureError`` where the file contradicts itself or no row is left; the file's
  ///   error when it cannot be read.
  /// - Complexity: O(values) time, in one pass over the file; memory of some ten bytes for each row.
  init(
    of contents: CaptureContents, layers: [CapturedLayer], sequences: [Range<Int>],
    dropsRepeats: Bool
  ) throws {
    let rowCount = sequences.last?.upperBound ?? 0
    var marks = [RowMarks](repeating: [], count: rowCount)
    var blank: [(tensor: String, runs: [Range<Int>])] = []
    for layer in layers {
      for matrix in [layer.input, layer.routerLogits, layer.shuffledInput].compactMap(\.self) {
        // Logits are narrow enough to repeat by chance, and shuffled rows follow their tokens.
        let isInput = matrix.tensor.name == layer.input.tensor.name
        let scan = try RowScan(of: matrix, hashesRows: isInput)
        // Every token would go to the experts with the lowest numbers.
        if scan.blankCount == rowCount, matrix.tensor.name == layer.routerLogits?.tensor.name {
          throw CaptureError.noLogits(path: contents.path, tensor: matrix.tensor.name)
        }
        // A matrix that holds nothing at all does not tell tokens from padding.
        if scan.blankCount < rowCount {
          for row in scan.blank.joined() { marks[row].insert(.blank) }
          if !scan.blank.isEmpty { blank.append((matrix.tensor.name, scan.blank)) }
        }
        for row in scan.repeated.joined() { marks[row].insert(.repeated) }
        markRecurring(scan.hashes, of: sequences, in: &marks)
      }
    }
    let paddingTensor = try contents.markPadding(in: &marks, sequences: sequences)

    let sameTokens =
      paddingTensor == nil ? try contents.sameTokens(of: sequences, marks: marks) : nil

    let isBlank = { (mark: RowMarks) in mark.contains(.blank) && !mark.contains(.padding) }
    let blankCount = marks.count(where: isBlank)
    let blankCounts = blank.map { entry in
      (entry.tensor, count: entry.runs.joined().count { isBlank(marks[$0]) })
    }
    let isAgreed = layers.allSatisfy { layer in
      blankCounts.contains { $0 == layer.input.tensor.name && $1 == blankCount }
    }
    rows = CapturedRows(
      storedCount: rowCount, paddingCount: marks.count { $0.contains(.padding) },
      paddingTensor: paddingTensor, seemsInverted: marks.seemInverted, blankCount: blankCount,
      blankTensor: blankCount == 0 || isAgreed ? nil : blankCounts.max { $0.count < $1.count }?.0,
      repeatedCount: marks.count(where: \.isRepeatedAlone), dropsRepeats: dropsRepeats,
      sameTokenCount: sameTokens?.rowCount ?? 0, sameToken: sameTokens?.token)
    if !dropsRepeats {
      for row in marks.indices { marks[row].subtract([.repeated, .recurring]) }
    }
    tokens = TokenRows(unmarkedIn: marks)
    guard tokens.count > 0 else {
      throw CaptureError.noTokens(path: contents.path, rowCount: rowCount, reason: rows.emptiness)
    }
  }
}

extension [RowMarks] {
  /// Whether what is padding and what is not look as if they were taken for one another.
  fileprivate var seemInverted: Bool {
    let padding = filter { $0.contains(.padding) }
    let isOdd = { (mark: RowMarks) in !mark.subtracting(.padding).isEmpty }
    return padding.count < count && 2 * padding.count(where: isOdd) < padding.count
      && allSatisfy { $0.contains(.padding) || isOdd($0) }
  }
}

extension CapturedRows {
  /// Why no row is left, and what to do next.
  fileprivate var emptiness: String {
    let kinds = [
      paddingCount == 0 ? nil : "\(paddingCount) are padding by '\(paddingTensor ?? "")'",
      blankCount == 0
        ? nil : "\(blankCount) hold zeros" + (blankTensor.map { " in '\($0)'" } ?? ""),
      repeatedCount == 0 ? nil : "\(repeatedCount) repeat others",
    ].compactMap(\.self)
    let advice =
      seemsInverted
      ? "those that '\(paddingTensor ?? "")' leaves out look like tokens: it seems to have 1 for padding; a mask has 1 for a token and 0 for padding: write it so"
      : repeatedCount > 0
        ? "leave --drop-repeats out, or capture again"
        : "a mask has 1 for a token and 0 for padding; write it so, or capture again"
    return "\(kinds.joined(separator: ", ")); \(advice)"
  }
}
