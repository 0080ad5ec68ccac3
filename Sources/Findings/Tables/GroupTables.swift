public import Experts

/// The routed experts in the order of a hierarchical clustering, and the groups of alike ones.
public enum Groups: UnitColumns {
  /// Which group, counted from 0 in the order of the clustering.
  public static let group = Column<Int>(
    "group", "which group, counted from 0 in the order of the clustering")
  /// Index of a routed expert, or shared.
  public static let expert = Columns.expert
  /// Place in the order of the clustering, from 0.
  public static let order = Column<Int>("order", "place in the order of the clustering, from 0")
  /// The number of experts in the group.
  public static let size = Column<Int>("size", "the number of experts in the group")
  /// Mean over the group's pairs; empty for one alone.
  public static let groupMeanCosine = Column<Double>.share(
    "group_mean_cosine", "mean over the group's pairs; empty for one alone")
  /// The expert that is most alike.
  public static let nearest = Column<ExpertName?>("nearest", "the expert that is most alike")
  /// The similarity to that expert.
  public static let nearestMeanCosine = Column<Double>.share(
    "nearest_mean_cosine", "the similarity to that expert")
  /// (nearest_mean_cosine - floor) / (1 - floor).
  public static let nearestExcess = Column<Double>(
    "nearest_excess", "(nearest_mean_cosine - floor) / (1 - floor)")

  /// The table.
  public static let table = TableDefinition(
    name: "groups",
    columns: [
      layer, projection, group, expert, order, size, groupMeanCosine, nearest, nearestMeanCosine,
      nearestExcess,
    ])
}

/// The most alike pairs of routed experts of each layer and projection.
public enum RedundantPairs: UnitColumns, PairColumns {
  /// The most alike pair first, counted from 1.
  public static let rank = Column<Int>("rank", "the most alike pair first, counted from 1")
  /// Similarity on the hidden side.
  public static let meanCosine = Column<Double>.share(
    "mean_cosine", "similarity on the hidden side")
  /// Expected mean_cosine of random subspaces.
  public static let floorMeanCosine = Column<Double>.share(
    "floor_mean_cosine", "expected mean_cosine of random subspaces")
  /// (mean_cosine - floor) / (1 - floor).
  public static let excess = Column<Double>("excess", "(mean_cosine - floor) / (1 - floor)")

  /// The table.
  public static let table = TableDefinition(
    name: "redundant_pairs",
    columns: [layer, projection, rank, expertA, expertB, meanCosine, floorMeanCosine, excess])
}

extension TableDefinition {
  /// The routed experts in the order of a hierarchical clustering, and the groups of alike ones.
  public static var groups: TableDefinition { Groups.table }

  /// The most alike pairs of routed experts of each layer and projection.
  public static var redundantPairs: TableDefinition { RedundantPairs.table }
}
