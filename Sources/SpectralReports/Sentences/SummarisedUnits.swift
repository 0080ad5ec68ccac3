package import Experts
package import Findings

/// What a run says of each layer and projection, as far as its summary speaks of it.
package struct SummarisedUnits {
  private let tables: [String: Table]

  /// Reads the small tables of a run.
  package init(of folder: RunFolder) throws {
    let definitions: [TableDefinition] = [
      .summary, .energy, .floors, .routerSummary, .bandSummary, .redundantPairs, .groups,
      .activationSummary, .shuffle, .routerData, .dataAlignment, .routing, .routingSummary,
      .summary.ofGradients, .bandSummary.ofGradients, .energy.ofGradients, .leftOut.ofGradients,
    ]
    self.init(tables: try definitions.compactMap { try folder.table($0) })
  }

  /// Takes tables of a run, each of another definition.
  package init(tables: [Table]) {
    self.tables = Dictionary(uniqueKeysWithValues: tables.map { ($0.definition.name, $0) })
  }

  /// Whether the run has a table.
  package func has(_ definition: TableDefinition) -> Bool { tables[definition.name] != nil }

  /// A column of real numbers, of all rows or of those that have some cells; NaN is left out.
  package func numbers(
    _ column: Column<Double>, of definition: TableDefinition, where cells: [Table.NamedCell] = []
  ) -> [Double] {
    guard let table = tables[definition.name] else { return [] }
    let values = table[column]
    return table.rows(where: cells).map { values[$0] }.filter { !$0.isNaN }
  }

  /// The mean of a column of router_data over the rows of one direction.
  func routerDataMean(_ column: Column<Double>, direction: Int) -> Double {
    guard let table = tables[TableDefinition.routerData.name] else { return .nan }
    return plainMean(
      zip(table[RouterData.direction], table[column]).filter { $0.0 == direction }.map(\.1))
  }

  /// Where the mean similarity of experts on the hidden side is over the 95th percentile of random
  /// pairs; nil where no percentile is known.
  func aboveChance(in definition: TableDefinition) -> Tally? {
    guard let table = tables[definition.name] else { return nil }
    let means = table[Summary.mean]
    let floors = table[Summary.floor]
    let percentiles = percentilesByMean
    return Tally(
      table.rows(where: [Summary.side(.hidden)]).compactMap { row in
        guard means[row].isFinite, let percentile = percentiles[floors[row]] else { return nil }
        return means[row] > percentile
      })
  }

  /// Where the router leans on its own expert over chance by two standard deviations.
  var leaning: Tally? {
    guard let table = tables[TableDefinition.routerSummary.name] else { return nil }
    let scores = table[RouterSummary.matched]
    let floors = table[RouterSummary.floor]
    let deviations = table[RouterSummary.floorSD]
    return Tally(
      (0..<table.rowCount).compactMap { row in
        let bound = floors[row] + 2 * deviations[row]
        return scores[row].isFinite && bound.isFinite ? scores[row] > bound : nil
      })
  }

  /// Where a leading direction is active in more tokens than an isotropic one.
  var moreActive: Tally? {
    guard let table = tables[TableDefinition.activationSummary.name] else { return nil }
    let ratios = table[ActivationSummary.topRatio]
    let floors = table[ActivationSummary.floorRatio]
    return Tally(
      (0..<table.rowCount).compactMap { row in
        ratios[row].isFinite && floors[row].isFinite ? ratios[row] > floors[row] : nil
      })
  }

  /// The load of each expert of all layers, over an even one of its layer.
  var loadShares: [Double] {
    guard let table = tables[TableDefinition.routing.name] else { return [] }
    return zip(table[Routing.load], table[Routing.uniformLoad]).map { $0 / $1 }
      .filter(\.isFinite)
  }

  /// The energies of the routed experts of a projection.
  package func energies(_ projection: Projection) -> [Double] {
    guard let table = tables[TableDefinition.energy.name] else { return [] }
    let values = table[Energy.energyTop]
    let experts = table[Energy.expert]
    return table.rows(where: [Energy.projection(projection)]).filter { experts[$0].isRouted }
      .map { values[$0] }
  }

  /// How many top subspaces are hardly defined, and of how many.
  var flagged: (count: Int, of: Int) {
    guard let table = tables[TableDefinition.energy.name] else { return (0, 0) }
    return (table[Energy.flag].count { $0 != nil }, table.rowCount)
  }

  /// The most alike pair of experts of the run, in words.
  var mostAlikePair: (place: String, similarity: Double, floor: Double)? {
    guard let table = tables[TableDefinition.redundantPairs.name] else { return nil }
    let excesses = table[RedundantPairs.excess]
    guard let row = excesses.indices.max(by: { excesses[$0] < excesses[$1] }) else { return nil }
    let place =
      "experts \(table[RedundantPairs.expertA][row].text) and \(table[RedundantPairs.expertB][row].text) of layer \(table[RedundantPairs.layer][row]), \(table[RedundantPairs.projection][row].rawValue)"
    return (
      place, table[RedundantPairs.meanCosine][row], table[RedundantPairs.floorMeanCosine][row]
    )
  }

  /// How many experts stand in a group with others, counted in every layer and projection, and of
  /// how many.
  var grouped: (count: Int, of: Int) {
    guard let table = tables[TableDefinition.groups.name] else { return (0, 0) }
    return (table[Groups.size].count { $0 > 1 }, table.rowCount)
  }

  private var percentilesByMean: [Double: Double] {
    guard let floors = tables[TableDefinition.floors.name] else { return [:] }
    let rows = zip(floors[Floors.measure], zip(floors[Floors.mean], floors[Floors.p95]))
    return Dictionary(
      rows.filter { $0.0 == .meanCosine }.map(\.1), uniquingKeysWith: { first, _ in first })
  }
}

/// The plain mean; NaN of nothing.
package func plainMean(_ values: [Double]) -> Double {
  values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
}
