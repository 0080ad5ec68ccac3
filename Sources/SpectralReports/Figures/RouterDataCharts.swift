public import Findings

extension FigureKind {
  /// Router rows beside the input's directions.
  static let routerData = FigureKind(
    of: .routerData, in: .data, paperFigure: "beyond the paper",
    shows: "router rows and the input's directions"
  ) {
    routerDataCharts(routerData: $0.table, largestLayer: $0.largestLayer)
  }
}

/// Draws how far each router row points along the leading directions of the MoE input, a line chart
/// for each layer.
///
/// - Parameters:
///   - routerData: A table in the form of `TableDefinition.routerData`, a whole run or a part of
///     one.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer, in their order, named like `router_data-layer-00`, drawn as
///   by `routerAlignmentCharts(routerAlignment:largestLayer:)`.
/// - Precondition: The table has the columns of that definition.
/// - Complexity: O(rows log rows) in time; each figure takes about twelve bytes for each point, of
///   which it has 24 000 or 60 for each expert at most.
public func routerDataCharts(routerData: Table, largestLayer: Int? = nil) -> [Figure] {
  routerCosineCharts(
    routerData, topic: "router-data alignment",
    subtitle: "|cosine| of an expert's router row and the leading directions of the MoE input",
    xTitle: "singular direction of the input", largestLayer: largestLayer)
}
