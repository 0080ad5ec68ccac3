public import Findings

/// Computes the largest value of a colour scale that suits all similarities of a run.
///
/// Where a run is drawn unit by unit, the largest of the units' results is the result of the whole
/// run, so that nothing but one number need be kept.
///
/// - Parameters:
///   - similarity: Tables in the form of `TableDefinition.similarity` or of its `ofGradients`.
///   - side: The side whose rows count; those of other sides are left out.
/// - Returns: The smallest round number (1, 1.2, 1.4, 1.6, 2, 2.5, 3, 3.5, 4, 5, 6, 7 or 8 times a
///   power of ten) that is at least every mean cosine and twice every floor, but 1 at most; 0 where
///   there is no value above 0.
/// - Precondition: The tables have the columns of `TableDefinition.similarity`.
/// - Complexity: O(rows)
public func similarityScaleMaximum(of similarity: Table..., side: String = "hidden") -> Double {
  let needed = similarity.flatMap { table in
    let sides = table.texts("side")
    let means = table.numbers("mean_cosine")
    let floors = table.numbers("floor_mean_cosine")
    return (0..<table.rowCount).filter { sides[$0] == side }
      .flatMap { [means[$0], 2 * floors[$0]] }
  }
  return scaleMaximum(holding: needed)
}

/// Computes the largest value of a colour scale that suits all similarities of tails of a run.
///
/// Where leading and tail subspaces stand side by side, the larger of this and of
/// `similarityScaleMaximum(of:side:)` lets both share one scale.
///
/// - Parameter tailSimilarity: Tables in the form of `TableDefinition.tailSimilarity` or of its
///   `ofGradients`.
/// - Returns: The smallest round number, as with `similarityScaleMaximum(of:side:)`, that is at
///   least every mean cosine and twice every floor, but 1 at most; 0 where there is no value above
///   0.
/// - Precondition: The tables have the columns of that definition.
/// - Complexity: O(rows)
public func tailSimilarityScaleMaximum(of tailSimilarity: Table...) -> Double {
  scaleMaximum(of: "mean_cosine", in: tailSimilarity)
}

/// Computes the largest value of a colour scale that suits all similarities of sequences of a run.
///
/// - Parameter dataAlignment: Tables in the form of `TableDefinition.dataAlignment`.
/// - Returns: The smallest round number, as with `similarityScaleMaximum(of:side:)`, that is at
///   least every mean cosine and twice every floor, but 1 at most; 0 where there is no value above
///   0.
/// - Precondition: The tables have the columns of that definition.
/// - Complexity: O(rows)
public func dataAlignmentScaleMaximum(of dataAlignment: Table...) -> Double {
  scaleMaximum(of: "mean_cosine", in: dataAlignment)
}

/// Computes the largest value of a colour scale that suits all co-activations of a run.
///
/// - Parameter coactivation: Tables in the form of `TableDefinition.coactivation`.
/// - Returns: The smallest round number, as with `similarityScaleMaximum(of:side:)`, that is at
///   least every share and twice every floor, but 1 at most; 0 where there is no value above 0.
/// - Precondition: The tables have the columns of that definition.
/// - Complexity: O(rows)
public func coactivationScaleMaximum(of coactivation: Table...) -> Double {
  scaleMaximum(of: "share", in: coactivation)
}

/// Computes the largest value of a colour scale that suits all router scores of a run.
///
/// As with `similarityScaleMaximum(of:side:)`, the largest result of several tables is the result
/// of all of them.
///
/// - Parameter routerScore: A table in the form of `TableDefinition.routerScore`.
/// - Returns: The smallest round number that is at least every score and twice every floor, but 1
///   at most; 0 where there is no value above 0.
/// - Precondition: The table has the columns of `TableDefinition.routerScore`.
/// - Complexity: O(rows)
public func routerScoreScaleMaximum(of routerScore: Table) -> Double {
  scaleMaximum(of: "score", in: [routerScore])
}

/// The round number that ends a scale of some values: at least the largest, and 1 where none is
/// above 0.
func scaleEnd(of values: [Double]) -> Double {
  guard let largest = values.lazy.filter(\.isFinite).max(), largest > 0 else { return 1 }
  return niceCeiling(largest)
}

private func scaleMaximum(of column: String, in tables: [Table]) -> Double {
  scaleMaximum(
    holding: tables.flatMap { table in
      table.numbers(column) + table.numbers("floor_\(column)").map { 2 * $0 }
    })
}

private func scaleMaximum(holding values: [Double]) -> Double {
  guard let largest = values.lazy.filter(\.isFinite).max(), largest > 0 else { return 0 }
  return min(1, niceCeiling(largest))
}
