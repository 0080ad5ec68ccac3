internal import Experts
internal import Findings

/// A measure that has one number for each layer and projection.
struct LayerMeasure: Sendable {
  /// What a measure says of a layer and projection.
  struct Mean {
    let unit: UnitKey
    let value: MeasuredValue
    /// How many routed experts it is of, where the table tells.
    var experts: Int?
  }

  /// The numbers that a mean is of.
  struct Detail: Sendable {
    /// The table that has them.
    let table: TableDefinition
    /// Takes the mean without some experts; none where nothing is left.
    let mean: @Sendable (Table, _ leftOut: Set<ExpertName>) -> MeasuredValue
  }

  /// Its name in tables of changes.
  let name: ComparedMeasure
  /// The title of its figure.
  let title: String
  /// What is shown.
  let meaning: String
  /// What runs along the vertical axis.
  let axis: String
  /// The table that is read.
  let table: TableDefinition
  /// Whether it means something else of unique parts than of whole weights.
  var dependsOnPart = false
  /// Reads the table.
  let read: @Sendable (Table) -> [Mean]
  /// The numbers behind the means, for a mean of fewer experts.
  let detail: Detail
}

extension LayerMeasure {
  /// All measures, in the order of pages.
  static let all = [similarity, energy, routerScore, gradientSimilarity, gradientEnergy]

  private static let similarity = LayerMeasure(
    name: .similarity, title: "Similarity of experts",
    meaning: "mean over pairs of experts, hidden side, beside random subspaces",
    axis: "mean cosine", table: .summary, dependsOnPart: true, read: similarities,
    detail: Detail(table: .similarity, mean: meanSimilarity))

  private static let gradientSimilarity = LayerMeasure(
    name: .gradientSimilarity, title: "Similarity of gradients",
    meaning: "mean over pairs of experts' gradients, hidden side", axis: similarity.axis,
    table: similarity.table.ofGradients, read: similarities,
    detail: Detail(table: .similarity.ofGradients, mean: meanSimilarity))

  private static let energy = LayerMeasure(
    name: .energy, title: "Energy of the top directions",
    meaning: "share of an expert's squared weights in its top directions, mean over experts",
    axis: "share of energy", table: .energy, read: energies,
    detail: Detail(table: .energy, mean: meanEnergy))

  private static let gradientEnergy = LayerMeasure(
    name: .gradientEnergy, title: "Energy of the gradients' top directions",
    meaning: "share of a gradient's squared norm in its top directions", axis: energy.axis,
    table: energy.table.ofGradients, read: energies,
    detail: Detail(table: energy.table.ofGradients, mean: meanEnergy))

  private static let routerScore = LayerMeasure(
    name: .routerScore, title: "Router score",
    meaning: "share of a router row in the top directions of its own expert", axis: "score",
    table: .routerSummary,
    read: { table in
      let scores = table[RouterSummary.matched]
      let floors = table[RouterSummary.floor]
      return table.rowsByUnit().compactMap { unit, rows in
        rows.last.map {
          Mean(unit: unit, value: MeasuredValue(value: scores[$0], floor: floors[$0]))
        }
      }
    },
    detail: Detail(table: .routerScore) { table, leftOut in
      let scored = table[RouterScore.routerRow]
      let experts = table[RouterScore.expert]
      return mean(
        of: table[RouterScore.score], floors: table[RouterScore.floorScore],
        in: experts.indices.filter {
          experts[$0] == scored[$0] && !leftOut.contains(ExpertName(routed: experts[$0]))
        })
    })

  @Sendable private static func similarities(_ table: Table) -> [Mean] {
    let sides = table[Summary.side]
    let means = table[Summary.mean]
    let floors = table[Summary.floor]
    let pairs = table[Summary.pairs]
    return table.rowsByUnit { sides[$0] == .hidden }.compactMap { unit, rows in
      rows.last.map {
        Mean(
          unit: unit, value: MeasuredValue(value: means[$0], floor: floors[$0]),
          experts: expertCount(ofPairs: pairs[$0]))
      }
    }
  }

  @Sendable private static func meanSimilarity(
    _ table: Table, leftOut: Set<ExpertName>
  ) -> MeasuredValue {
    let sides = table[Similarity.side]
    let first = table[Similarity.expertA]
    let second = table[Similarity.expertB]
    return mean(
      of: table[Similarity.meanCosine], floors: table[Similarity.floorMeanCosine],
      in: sides.indices.filter { row in
        sides[row] == .hidden
          && [first[row], second[row]].allSatisfy { $0.isRouted && !leftOut.contains($0) }
      })
  }

  @Sendable private static func energies(_ table: Table) -> [Mean] {
    let experts = table[Energy.expert]
    let energies = table[Energy.energyTop]
    return table.rowsByUnit { experts[$0].isRouted }.map { unit, rows in
      let mean = rows.reduce(0) { $0 + energies[$1] } / Double(rows.count)
      return Mean(
        unit: unit, value: MeasuredValue(value: mean, floor: .nan), experts: rows.count)
    }
  }

  @Sendable private static func meanEnergy(
    _ table: Table, leftOut: Set<ExpertName>
  ) -> MeasuredValue {
    let experts = table[Energy.expert]
    return mean(
      of: table[Energy.energyTop], floors: experts.map { _ in .nan },
      in: experts.indices.filter { experts[$0].isRouted && !leftOut.contains(experts[$0]) })
  }

  private static func mean(
    of values: [Double], floors: [Double], in rows: [Int]
  ) -> MeasuredValue {
    MeasuredValue(
      value: plainMean(rows.map { values[$0] }), floor: plainMean(rows.map { floors[$0] }))
  }
}

/// n of n (n - 1) / 2 pairs.
private func expertCount(ofPairs pairs: Int) -> Int {
  Int(((1 + 8 * Double(pairs)).squareRoot() + 1) / 2)
}
