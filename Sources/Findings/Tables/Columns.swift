public import Experts

/// The columns that many tables share.
public enum Columns {
  /// Decoder layer, counted from 0.
  public static let layer = Column<Int>("layer", "decoder layer, counted from 0")
  /// The projection.
  public static let projection = Column<Projection>("projection", "gate_proj, up_proj or down_proj")
  /// Where the subspaces lie: in the residual stream, or among the expert's own neurons.
  public static let side = Column<Side>(
    "side", "hidden: in the residual stream; neuron: the expert's own neurons")
  /// Index of a routed expert, or shared.
  public static let expert = Column<ExpertName>("expert", "index of a routed expert, or shared")
  /// The first expert of the pair.
  public static let expertA = Column<ExpertName>("expert_a", "the first expert of the pair")
  /// The second expert of the pair.
  public static let expertB = Column<ExpertName>("expert_b", "the second expert of the pair")
  /// The number of leading directions.
  public static let k = Column<Int>("k", "the number of leading directions")
}

/// The columns of a table whose rows are about a layer.
public protocol LayerColumns {}

extension LayerColumns {
  /// Decoder layer, counted from 0.
  public static var layer: Column<Int> { Columns.layer }
}

/// The columns of a table whose rows are about a layer and projection.
public protocol UnitColumns: LayerColumns {}

extension UnitColumns {
  /// The projection.
  public static var projection: Column<Projection> { Columns.projection }
}

/// The columns of a table whose rows are about two experts.
public protocol PairColumns {}

extension PairColumns {
  /// The first expert of the pair.
  public static var expertA: Column<ExpertName> { Columns.expertA }
  /// The second expert of the pair.
  public static var expertB: Column<ExpertName> { Columns.expertB }
}

/// What stands beside every pair of subspaces.
public protocol SubspaceColumns {}

extension SubspaceColumns {
  /// Mean cosine of the principal angles, 0 to 1.
  public static var meanCosine: Column<Double> {
    .share("mean_cosine", "mean cosine of the principal angles, 0 to 1")
  }

  /// Mean squared cosine of the principal angles, 0 to 1.
  public static var overlap: Column<Double> {
    .share("overlap", "mean squared cosine of the principal angles, 0 to 1")
  }

  /// Cosine of the smallest principal angle.
  public static var maxCosine: Column<Double> {
    .share("max_cosine", "cosine of the smallest principal angle")
  }

  /// Cosine of the largest principal angle.
  public static var minCosine: Column<Double> {
    .share("min_cosine", "cosine of the largest principal angle")
  }

  /// Root of the sum of squared principal angles, radians.
  public static var geodesic: Column<Double> {
    Column("geodesic", "root of the sum of squared principal angles, radians")
  }

  /// Expected mean_cosine of random subspaces.
  public static var floorMeanCosine: Column<Double> {
    .share("floor_mean_cosine", "expected mean_cosine of random subspaces")
  }

}
