/// What of each layer and projection changed from A to B.
public enum LayerChanges: UnitColumns, ChangeColumns {
  /// What was compared.
  public static let measure = Column<ComparedMeasure>(
    "measure",
    "similarity, gradient_similarity: mean over pairs, hidden side; energy, gradient_energy: mean energy_top of routed experts; router_score: mean score of a row and its own expert"
  )

  /// The table.
  public static let table = TableDefinition(
    name: "layer_changes",
    columns: [layer, projection, measure, a, floorA, b, floorB, change, compared])
}

/// How the similarity of two experts on the hidden side changed, one row for each pair a < b.
public enum SimilarityChanges: UnitColumns, PairColumns, ChangeColumns {

  /// The table.
  public static let table = TableDefinition(
    name: "similarity_changes",
    columns: [layer, projection, expertA, expertB, a, floorA, b, floorB, change, compared])
}

/// The pairs whose similarity changed most, over all layers and projections.
public enum LargestChanges: UnitColumns, PairColumns, ChangeColumns {
  /// The largest change first, counted from 1.
  public static let rank = Column<Int>("rank", "the largest change first, counted from 1")
  /// What was compared.
  public static let measure = Column<ComparedMeasure>(
    "measure", "similarity or gradient_similarity")

  /// The table.
  public static let table = TableDefinition(
    name: "largest_changes",
    columns: [
      rank, measure, layer, projection, expertA, expertB, a, floorA, b, floorB, change, compared,
    ])
}

/// The means of runs that were given in an order, such as steps of a training.
public enum RunMeans: SeriesColumns {
  /// The projection.
  public static let projection = Columns.projection
  /// The number of layers that the mean is of: those that all runs have.
  public static let layers = Column<Int>(
    "layers", "the number of layers that the mean is of: those that all runs have")

  /// The table.
  public static let table = TableDefinition(
    name: "run_means", columns: [measure, projection, run, layers, value, floor, excess])
}

/// The numbers of each layer and projection behind ``RunMeans``.
public enum RunLayers: UnitColumns, SeriesColumns {
  /// The table.
  public static let table = TableDefinition(
    name: "run_layers", columns: [measure, layer, projection, run, value, floor, excess])
}

/// What tables of more than two runs say of each.
public protocol SeriesColumns {}

extension SeriesColumns {
  /// What was measured.
  public static var measure: Column<ComparedMeasure> { LayerChanges.measure }
  /// Which run, counted from 1 in the order in which they were given.
  public static var run: Column<Int> {
    Column("run", "which run, counted from 1 in the order in which they were given")
  }
  /// The value.
  public static var value: Column<Double> { Column("value", "the value") }
  /// What chance alone would show; NaN where it is not known.
  public static var floor: Column<Double> {
    Column("floor", "what chance alone would show; empty where it is not known")
  }
  /// How far the value is from chance; NaN where that is not known.
  public static var excess: Column<Double> {
    Column("excess", "(value - floor) / (1 - floor); empty where the floor is not known")
  }
}

/// What stands beside everything that is compared between two runs, called A and B.
public protocol ChangeColumns {}

extension ChangeColumns {
  /// The value in run A; NaN where it has none.
  public static var a: Column<Double> { Column("a", "the value in run A; empty where it has none") }

  /// What chance alone would show; NaN where it is not known.
  public static var floorA: Column<Double> {
    Column("floor_a", "what chance alone would show; empty where it is not known")
  }

  /// The value in run B.
  public static var b: Column<Double> { Column("b", "the value in run B") }

  /// What chance alone would show.
  public static var floorB: Column<Double> { Column("floor_b", "what chance alone would show") }

  /// B less A, of what `compared` names; NaN without both.
  public static var change: Column<Double> {
    Column("change", "B less A, of what `compared` names; empty without both")
  }

  /// Which values were compared: the excess where floors differ.
  public static var compared: Column<ComparedValue> { comparedColumn }
}

private let comparedColumn = Column<ComparedValue>(
  "compared", "value, or excess: (value - floor) / (1 - floor), where floors differ")

/// What of a layer and projection is compared between two runs.
public enum ComparedMeasure: String, ColumnWord, CaseIterable {
  /// The mean over pairs, hidden side.
  case similarity
  /// The mean `energy_top` of routed experts.
  case energy
  /// The mean score of a row and its own expert.
  case routerScore = "router_score"
  /// The mean over pairs of gradients, hidden side.
  case gradientSimilarity = "gradient_similarity"
  /// The mean `energy_top` of the gradients of routed experts.
  case gradientEnergy = "gradient_energy"
}

/// Which numbers of two runs are compared.
public enum ComparedValue: String, ColumnWord, CaseIterable {
  /// The values as they are.
  case value
  /// What they have beyond chance: (value - floor) / (1 - floor).
  case excess
}

extension TableDefinition {
  /// What of each layer and projection changed from A to B.
  public static var layerChanges: TableDefinition { LayerChanges.table }

  /// How the similarity of two experts on the hidden side changed, one row for each pair a < b.
  public static var similarityChanges: TableDefinition { SimilarityChanges.table }

  /// The means of runs that were given in an order.
  public static var runMeans: TableDefinition { RunMeans.table }

  /// The numbers of each layer and projection of runs that were given in an order.
  public static var runLayers: TableDefinition { RunLayers.table }

  /// The pairs whose similarity changed most, over all layers and projections.
  public static var largestChanges: TableDefinition { LargestChanges.table }
}
