package import Findings

/// What a run says of each layer and projection, as far as its summary speaks of it.
package struct SummarisedUnits {
  private let tables: [String: Table]

  /// Reads the small tables of a run.
  package init(of folder: RunFolder) throws {
    let definitions: [TableDefinition] = [
      .summary, .energy, .floors, .routerSummary, .bandSummary, .redundantPairs, .groups,
      .activationSummary, .shuffle, .routerData, .dataAlignment, .routingSummary,
      .summary.ofGradients, .bandSummary.ofGradients,
    ]
    tables = Dictionary(
      uniqueKeysWithValues: try definitions.compactMap { definition in
        try folder.table(definition).map { (definition.name, $0) }
      })
  }

  /// Whether the run has a table.
  package func has(_ definition: TableDefinition) -> Bool { tables[definition.name] != nil }

  /// A column of real numbers, of all rows or of those where other columns have some words.
  package func numbers(
    _ column: String, of definition: TableDefinition, where words: [String: String] = [:]
  ) -> [Double] {
    guard let table = tables[definition.name] else { return [] }
    let values = table.numbers(column)
    return rows(of: table, where: words).map { values[$0] }.filter { !$0.isNaN }
  }

  /// The mean of such a column; NaN of nothing.
  func mean(
    _ column: String, of definition: TableDefinition, where words: [String: String] = [:]
  ) -> Double {
    plainMean(numbers(column, of: definition, where: words))
  }

  /// The mean of a column of router_data over the rows of one direction.
  func routerDataMean(_ column: String, direction: Int) -> Double {
    guard let table = tables[TableDefinition.routerData.name] else { return .nan }
    return plainMean(
      zip(table.integers("direction"), table.numbers(column)).filter { $0.0 == direction }.map(\.1))
  }

  /// In how many layers and projections the mean similarity of experts on the hidden side is over
  /// the 95th percentile of random pairs, and of how many.
  func aboveChance(in definition: TableDefinition) -> (count: Int, of: Int) {
    let means = numbers("mean", of: definition, where: ["side": "hidden"])
    let floors = numbers("floor", of: definition, where: ["side": "hidden"])
    let percentiles = percentilesByMean
    let above = zip(means, floors).count { mean, floor in mean > percentiles[floor] ?? .infinity }
    return (above, means.count)
  }

  /// In how many layers and projections the router leans on its own expert beyond chance, and of
  /// how many.
  var leaning: (count: Int, of: Int) {
    let matched = numbers("matched", of: .routerSummary)
    let floors = numbers("floor", of: .routerSummary)
    let deviations = numbers("floor_sd", of: .routerSummary)
    return (
      matched.indices.count { matched[$0] > floors[$0] + 2 * deviations[$0] }, matched.count
    )
  }

  /// The energies of the routed experts of a projection.
  package func energies(_ projection: String) -> [Double] {
    guard let table = tables[TableDefinition.energy.name] else { return [] }
    let values = table.numbers("energy_top")
    let experts = table.texts("expert")
    return rows(of: table, where: ["projection": projection]).filter { Int(experts[$0]) != nil }
      .map { values[$0] }
  }

  /// How many top subspaces are hardly defined, and of how many.
  var flagged: (count: Int, of: Int) {
    guard let table = tables[TableDefinition.energy.name] else { return (0, 0) }
    return (table.texts("flag").count { !$0.isEmpty }, table.rowCount)
  }

  /// The most alike pair of experts of the run, in words.
  var mostAlikePair: (place: String, similarity: Double, floor: Double)? {
    guard let table = tables[TableDefinition.redundantPairs.name] else { return nil }
    let excesses = table.numbers("excess")
    guard let row = excesses.indices.max(by: { excesses[$0] < excesses[$1] }) else { return nil }
    let place =
      "experts \(table.texts("expert_a")[row]) and \(table.texts("expert_b")[row]) of layer \(table.integers("layer")[row]), \(table.texts("projection")[row])"
    return (
      place, table.numbers("mean_cosine")[row], table.numbers("floor_mean_cosine")[row]
    )
  }

  /// How many experts stand in a group with others, counted in every layer and projection, and of
  /// how many.
  var grouped: (count: Int, of: Int) {
    guard let table = tables[TableDefinition.groups.name] else { return (0, 0) }
    return (table.integers("size").count { $0 > 1 }, table.rowCount)
  }

  private func rows(of table: Table, where words: [String: String]) -> [Int] {
    let columns = words.map { (values: table.texts($0.key), word: $0.value) }
    return (0..<table.rowCount).filter { row in columns.allSatisfy { $0.values[row] == $0.word } }
  }

  private var percentilesByMean: [Double: Double] {
    guard let floors = tables[TableDefinition.floors.name] else { return [:] }
    let rows = zip(floors.texts("measure"), zip(floors.numbers("mean"), floors.numbers("p95")))
    return Dictionary(
      rows.filter { $0.0 == "mean_cosine" }.map(\.1), uniquingKeysWith: { first, _ in first })
  }
}

/// The plain mean; NaN of nothing.
package func plainMean(_ values: [Double]) -> Double {
  values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
}
