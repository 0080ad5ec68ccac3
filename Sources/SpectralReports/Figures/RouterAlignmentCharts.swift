public import Findings

extension FigureKind {
  /// A router row beside its own expert's directions.
  static let routerAlignment = FigureKind(
    of: .routerAlignment, in: .router, paperFigure: "2b",
    shows: "a router row beside its own expert's directions"
  ) {
    routerAlignmentCharts(routerAlignment: $0.table, largestLayer: $0.largestLayer)
  }
}

/// Draws how far each router row points along its own expert's singular directions, a line chart
/// for each layer and projection.
///
/// - Parameters:
///   - routerAlignment: A table in the form of `TableDefinition.routerAlignment`, a whole run or a
///     part of one.
///   - largestLayer: The largest layer of the run; that of the table when left out.
/// - Returns: One figure for each layer and projection, in their order, named like
///   `router_alignment-layer-00-gate_proj`: a thin line for each expert, their median, and the
///   random floor dashed. With more than 64 directions their axis is logarithmic, and directions
///   may be thinned out, which a note says.
/// - Precondition: The table has the columns of that definition.
/// - Complexity: O(rows log rows) in time; each figure takes about twelve bytes for each point, of
///   which it has 24 000 or 60 for each expert at most.
public func routerAlignmentCharts(routerAlignment: Table, largestLayer: Int? = nil) -> [Figure] {
  routerCosineCharts(
    routerAlignment, topic: "router alignment",
    subtitle: "|cosine| of an expert's router row and the singular directions of its own weights",
    xTitle: "singular direction of the expert", largestLayer: largestLayer)
}
