internal import Experts
internal import Findings

extension RunFolder {
  /// Reads those columns of a unit's table that figures show.
  ///
  /// A pair table of 256 experts has 33,000 rows for each side: what is not drawn costs time.
  func drawnTable(_ definition: TableDefinition, of unit: RunUnit) throws -> Table? {
    let left = [
      Similarity.overlap, Similarity.maxCosine, Similarity.minCosine, Similarity.geodesic,
    ].map(\.name)
    let columns = definition.columns.filter { !left.contains($0.name) }
    guard let table = try table(definition, of: unit, columns: columns) else { return nil }
    if let problem = table.problemOfPairs {
      throw FindingsError.inconsistent(path: path(of: definition, of: unit), reason: problem)
    }
    return table
  }
}

extension Table {
  /// Why the rows are not one for each pair of experts and side; nil where they are, and of tables
  /// without pairs.
  fileprivate var problemOfPairs: String? {
    let weights: [TableDefinition] = [.similarity, .tailSimilarity]
    guard (weights + weights.map(\.ofGradients)).contains(definition) else { return nil }
    let sides = definition.contains(Similarity.side) ? self[Similarity.side] : nil
    let first = self[Columns.expertA]
    let second = self[Columns.expertB]
    for side in sides == nil ? [nil] : Side.allCases.map(Optional.some) {
      let rows = (0..<rowCount).filter { sides?[$0] == side }
      var places: [ExpertName: Int] = [:]
      for row in rows {
        for name in [first[row], second[row]] where places[name] == nil {
          places[name] = places.count
        }
      }
      var seen = [Bool](repeating: false, count: places.count * places.count)
      for row in rows {
        guard let a = places[first[row]], let b = places[second[row]] else { continue }
        let pair = min(a, b) * places.count + max(a, b)
        if a == b || seen[pair] {
          return "names the pair \(first[row].text), \(second[row].text) twice"
        }
        seen[pair] = true
      }
      let whole = places.count * (places.count - 1) / 2
      if rows.count != whole {
        return "has \(rows.count) pairs of \(places.count) experts instead of \(whole)"
      }
    }
    return nil
  }
}
