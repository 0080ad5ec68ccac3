import Testing

/// How close a column must come to the reference.
enum Tolerance {
  case absolute(Double)
  case relative(Double)

  /// Whether two values agree; NaN never does.
  func admits(_ actual: Double, _ expected: Double) -> Bool {
    if actual == expected { return true }
    return switch self {
    case .absolute(let limit): abs(actual - expected) <= limit
    case .relative(let limit): abs(actual - expected) <= limit * abs(expected)
    }
  }
}

/// The columns that name a row, table by table; the rows must be the same ones in the same order.
let keyColumns: [String: [String]] = [
  "similarity": ["layer", "projection", "side", "expert_a", "expert_b", "k"],
  "energy": ["layer", "projection", "expert", "k"],
  "spectrum": ["layer", "projection", "expert", "index"],
  "router_alignment": ["layer", "projection", "expert", "direction"],
  "router_score": ["layer", "projection", "router_row", "expert"],
  "bands": ["layer", "projection", "band", "k"],
  "router_data": ["layer", "expert", "direction"],
  "activation_ratio": ["layer", "projection", "expert", "direction"],
  "shuffle": ["layer", "projection", "expert", "k"],
  "data_alignment": ["layer", "sequence_a", "sequence_b", "k"],
  "routing": ["layer", "expert"],
  "coactivation": ["layer", "expert_a", "expert_b"],
  "gradient_similarity": ["layer", "projection", "side", "expert_a", "expert_b", "k"],
  "gradient_energy": ["layer", "projection", "expert", "k"],
  "gradient_bands": ["layer", "projection", "band", "k"],
  "band_summary": ["layer", "projection", "k", "tail_bands"],
  "tail_similarity": ["layer", "projection", "expert_a", "expert_b", "tail_bands"],
  "gradient_band_summary": ["layer", "projection", "k", "tail_bands"],
  "gradient_tail_similarity": ["layer", "projection", "expert_a", "expert_b", "tail_bands"],
  "routing_summary": ["layer"],
]

/// Expects a table to have exactly the reference's rows, and columns within their tolerances.
///
/// Returns how many rows were compared: those whose key `isCompared` admits, all when it is left
/// out. The reference of other options has their names behind the table's.
@discardableResult
func expectTable(
  _ name: String, in actualFolder: String, matches referenceFolder: String, options: String = "",
  _ tolerances: [String: Tolerance], where isCompared: (String) -> Bool = { _ in true },
  sourceLocation: SourceLocation = #_sourceLocation
) throws -> Int {
  let actual = try CSVFile(path: "\(actualFolder)/\(name).csv")
  let reference = try CSVFile(path: "\(referenceFolder)/\(name)\(options).csv")
  let names = try #require(keyColumns[name], sourceLocation: sourceLocation)
  let keys = try reference.keys(names)
  let sameRows = try actual.keys(names) == keys
  #expect(sameRows, "\(name): other rows than the reference", sourceLocation: sourceLocation)
  #expect(!keys.isEmpty, sourceLocation: sourceLocation)
  guard sameRows else { return 0 }
  let compared = keys.indices.filter { isCompared(keys[$0]) }
  for (column, tolerance) in tolerances {
    let ours = try actual.numbers(column)
    let theirs = try reference.numbers(column)
    let wrong = compared.filter { !tolerance.admits(ours[$0], theirs[$0]) }
    if let row = wrong.first {
      Issue.record(
        """
        \(name).\(column): \(wrong.count) of \(compared.count) rows differ, the first one \
        \(keys[row]): \(ours[row]) instead of \(theirs[row])
        """, sourceLocation: sourceLocation)
    }
  }
  return compared.count
}

/// The directions whose gap to both neighbours is at least 1.001, as
/// `layer,projection,expert,direction`.
func wellSeparatedDirections(ofSpectrumIn folder: String) throws -> Set<String> {
  let spectrum = try CSVFile(path: "\(folder)/spectrum.csv")
  let experts = try spectrum.keys(["layer", "projection", "expert"])
  let indices = try spectrum.texts("index")
  let sigma = try spectrum.numbers("sigma")
  var found: Set<String> = []
  for row in sigma.indices {
    let first = row == 0 || experts[row - 1] != experts[row]
    // The neighbour of the last direction is not in the table: it cannot be judged.
    guard row + 1 < sigma.count, experts[row + 1] == experts[row] else { continue }
    if !first, sigma[row - 1] < 1.001 * sigma[row] { continue }
    if sigma[row] < 1.001 * sigma[row + 1] { continue }
    found.insert("\(experts[row]),\(indices[row])")
  }
  return found
}
