/// The rows of a capture's matrices that are tokens, in the order in which they are stored.
///
/// Tokens are numbered from 0 without gaps; where rows were left out, their numbers are not those
/// of their rows.
struct TokenRows: Sendable, Hashable {
  /// The rows, in runs as long as can be.
  let runs: [Range<Int>]
  /// The number of the first token of each run.
  private let firstTokens: [Int]

  /// The number of tokens.
  let count: Int

  /// Takes every row for a token.
  init(all rowCount: Int) {
    self.init(runs: rowCount > 0 ? [0..<rowCount] : [])
  }

  /// Takes the rows for tokens that are marked with nothing.
  ///
  /// - Complexity: O(rows) time, memory for each run.
  init(unmarkedIn marks: [RowMarks]) {
    var runs: [Range<Int>] = []
    var start: Int?
    for (row, mark) in marks.enumerated() {
      if mark.isEmpty {
        start = start ?? row
      } else if let first = start {
        runs.append(first..<row)
        start = nil
      }
    }
    if let start { runs.append(start..<marks.count) }
    self.init(runs: runs)
  }

  private init(runs: [Range<Int>]) {
    self.runs = runs
    var count = 0
    firstTokens = runs.map { run in
      defer { count += run.count }
      return count
    }
    self.count = count
  }

  /// The row of a token.
  ///
  /// - Complexity: O(log runs)
  subscript(token: Int) -> Int {
    let run = run(of: token)
    return runs[run].lowerBound + token - firstTokens[run]
  }

  /// The rows of consecutive tokens; nil where others lie between them.
  func consecutiveRows(of tokens: Range<Int>) -> Range<Int>? {
    guard let last = tokens.last else { return 0..<0 }
    let rows = self[tokens.lowerBound]..<self[last] + 1
    return rows.count == tokens.count ? rows : nil
  }

  /// The rows of consecutive tokens, one by one.
  func rows(of tokens: Range<Int>) -> [Int] {
    var rows: [Int] = []
    rows.reserveCapacity(tokens.count)
    guard !tokens.isEmpty else { return rows }
    for run in run(of: tokens.lowerBound)..<runs.count {
      let first = runs[run].lowerBound + max(0, tokens.lowerBound - firstTokens[run])
      let end = min(runs[run].upperBound, first + tokens.count - rows.count)
      rows += first..<end
      if rows.count == tokens.count { break }
    }
    return rows
  }

  /// The tokens among some rows.
  func tokens(in rows: Range<Int>) -> Range<Int> {
    tokenCount(before: rows.lowerBound)..<tokenCount(before: rows.upperBound)
  }

  private func tokenCount(before row: Int) -> Int {
    let run = partition(runs.count) { runs[$0].upperBound > row }
    guard run < runs.count else { return count }
    return firstTokens[run] + max(0, row - runs[run].lowerBound)
  }

  private func run(of token: Int) -> Int {
    precondition(token >= 0 && token < count, "token \(token) of \(count)")
    return partition(runs.count) { firstTokens[$0] > token } - 1
  }

  /// The first of so many places from which on something holds; their number where it never does.
  private func partition(_ count: Int, from holds: (Int) -> Bool) -> Int {
    var places = 0..<count
    while !places.isEmpty {
      let middle = places.lowerBound + places.count / 2
      places = holds(middle) ? places.lowerBound..<middle : middle + 1..<places.upperBound
    }
    return places.lowerBound
  }
}
