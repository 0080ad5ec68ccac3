/// The word that is most like a mistyped one; nil where none is near.
///
/// - Complexity: O(characters of both) for each word.
func nearestWord(to mistyped: String, among words: [String]) -> String? {
  let mistyped = Array(mistyped.lowercased())
  let distances = words.map { (word: $0, distance: editDistance(mistyped, Array($0))) }
  // A third of the letters may be wrong.
  return distances.filter { $0.distance * 3 <= max($0.word.count, mistyped.count) }
    .min { $0.distance < $1.distance }?.word
}

/// How many letters have to be put in, left out, changed or swapped with the next.
private func editDistance(_ first: [Character], _ second: [Character]) -> Int {
  var before: [Int] = []
  var row = Array(0...second.count)
  for (i, letter) in first.enumerated() {
    var next = [i + 1]
    for (j, other) in second.enumerated() {
      var best = min(row[j] + (letter == other ? 0 : 1), row[j + 1] + 1, next[j] + 1)
      if i > 0, j > 0, letter == second[j - 1], first[i - 1] == other {
        best = min(best, before[j - 1] + 1)
      }
      next.append(best)
    }
    before = row
    row = next
  }
  return row[second.count]
}
