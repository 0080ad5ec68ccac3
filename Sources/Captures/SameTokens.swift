import TensorFiles

/// Rows of one token at the start or end of their sequences, as padding leaves them.
struct SameTokens {
  /// How many rows there are that nothing else is said of.
  let rowCount: Int
  /// The token that most of them are of.
  let token: Int
}

extension CaptureContents {
  /// Finds tokens that come three times or more in a row at the start or end of a sequence, in two
  /// sequences or in a twentieth of all rows.
  ///
  /// - Parameters:
  ///   - sequences: The rows of each sequence.
  ///   - marks: What is known of each row; those that are marked already do not count.
  /// - Returns: Nil where there are none, or the file does not hold its tokens.
  /// - Throws: ``CaptureError/numberTooLarge(path:tensor:place:value:)``, and the file's error when
  ///   it cannot be read.
  /// - Complexity: O(rows) time; memory for a block of numbers and for each run.
  func sameTokens(of sequences: [Range<Int>], marks: [RowMarks]) throws -> SameTokens? {
    guard let tokens else { return nil }
    var numbers = StoredIntegers(tokens, of: stored.file)
    var runs: [Int: Runs] = [:]
    for (sequence, rows) in sequences.enumerated() {
      var start = rows.lowerBound
      var token: Int?
      for row in rows {
        let value = try numbers.value(at: row)
        guard let last = token, value != last else {
          token = value
          continue
        }
        if start == rows.lowerBound { runs[last, default: Runs()].add(start..<row, of: sequence) }
        (start, token) = (row, value)
      }
      if let token { runs[token, default: Runs()].add(start..<rows.upperBound, of: sequence) }
    }
    let counts = runs.compactMap { token, runs -> (token: Int, count: Int)? in
      guard runs.sequenceCount > 1 || isLargeShare(runs.rowCount, of: marks.count) else {
        return nil
      }
      return (token, runs.rows.joined().count { marks[$0].isEmpty })
    }
    // Of tokens with as many rows, the smallest: the order of a dictionary is not the file's.
    let most = counts.max { ($0.count, -$0.token) < ($1.count, -$1.token) }
    guard let most, most.count > 0 else { return nil }
    return SameTokens(rowCount: counts.reduce(0) { $0 + $1.count }, token: most.token)
  }

  /// The runs of one token at the starts and ends of sequences.
  private struct Runs {
    private(set) var rows: [Range<Int>] = []
    private(set) var sequenceCount = 0
    private var lastSequence: Int?

    var rowCount: Int { rows.reduce(0) { $0 + $1.count } }

    mutating func add(_ run: Range<Int>, of sequence: Int) {
      guard run.count >= fewestRepeats else { return }
      rows.append(run)
      if lastSequence != sequence { sequenceCount += 1 }
      lastSequence = sequence
    }
  }
}
