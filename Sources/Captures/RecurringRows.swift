/// So many rows that are the same are no chance.
let fewestRepeats = 3

/// Whether so many rows are too large a share of all to pass unmentioned: a twentieth.
func isLargeShare(_ count: Int, of rowCount: Int) -> Bool { 20 * count >= rowCount }

/// Marks rows whose bits come three times or more, wherever the rows lie.
///
/// What a causal model makes of equal beginnings is equal, in all layers: rows that different
/// sequences share, but none has twice, are marked only where they are a twentieth of all rows.
///
/// - Parameters:
///   - hashes: A hash of each row.
///   - sequences: The rows of each sequence.
///   - marks: The marks of each row.
/// - Complexity: O(rows log rows) time; memory for half as many hashes or fewer, and for each value
///   that recurs.
func markRecurring(_ hashes: [UInt64], of sequences: [Range<Int>], in marks: inout [RowMarks]) {
  var occurrences = recurring(in: hashes)
  guard !occurrences.isEmpty else { return }
  for (sequence, rows) in sequences.enumerated() {
    for row in rows { occurrences[hashes[row]]?.add(sequence) }
  }
  for row in hashes.indices {
    guard let found = occurrences[hashes[row]] else { continue }
    if found.isWithinSequence || isLargeShare(found.count, of: hashes.count) {
      marks[row].insert(.recurring)
    }
  }
}

/// Where rows of one hash lie.
private struct Occurrences {
  private(set) var count = 0
  private(set) var isWithinSequence = false
  private var lastSequence: Int?

  mutating func add(_ sequence: Int) {
    count += 1
    if lastSequence == sequence { isWithinSequence = true }
    lastSequence = sequence
  }
}

/// The hashes that come three times or more.
///
/// They are sorted a sixteenth at a time, which takes less memory than all at once.
private func recurring(in hashes: [UInt64]) -> [UInt64: Occurrences] {
  var found: [UInt64: Occurrences] = [:]
  var part: [UInt64] = []
  for highest in 0..<UInt64(16) {
    part.removeAll(keepingCapacity: true)
    for hash in hashes where hash >> 60 == highest {
      // Of a long run three are enough.
      if part.count >= fewestRepeats, part.suffix(fewestRepeats).allSatisfy({ $0 == hash }) {
        continue
      }
      part.append(hash)
    }
    part.sort()
    for place in part.indices.dropFirst(fewestRepeats - 1)
    where part[place] == part[place - fewestRepeats + 1] {
      found[part[place]] = Occurrences()
    }
  }
  return found
}
