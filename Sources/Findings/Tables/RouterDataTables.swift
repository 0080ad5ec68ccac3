public import Experts

/// Cosine between a router row and the leading directions of the MoE input (analysis 5).
public enum RouterData: LayerColumns {
  /// Index of a routed expert, or shared.
  public static let expert = Columns.expert
  /// Which singular direction of the input, from 1.
  public static let direction = Column<Int>(
    "direction", "which singular direction of the input, from 1")
  /// |cosine| of the router row and the direction.
  public static let absCosine = RouterAlignment.absCosine
  /// Expected |cosine| of a random direction.
  public static let floorAbsCosine = RouterAlignment.floorAbsCosine

  /// The table.
  public static let table = TableDefinition(
    name: "router_data",
    columns: [layer, expert, direction, absCosine, floorAbsCosine])
}

/// The leading singular values of the MoE input (analysis 5).
public enum DataSpectrum: LayerColumns {
  /// Which singular value, largest first, counted from 1.
  public static let index = Spectrum.index
  /// The singular value, in the input's own unit.
  public static let sigma = Column<Double>("sigma", "the singular value, in the input's own unit")
  /// Its share of the input's squared Frobenius norm.
  public static let energy = Column<Double>.share(
    "energy", "its share of the input's squared Frobenius norm")

  /// The table.
  public static let table = TableDefinition(
    name: "data_spectrum",
    columns: [layer, index, sigma, energy])
}

extension TableDefinition {
  /// Cosine between a router row and the leading directions of the MoE input (analysis 5).
  public static var routerData: TableDefinition { RouterData.table }

  /// The leading singular values of the MoE input (analysis 5).
  public static var dataSpectrum: TableDefinition { DataSpectrum.table }
}
