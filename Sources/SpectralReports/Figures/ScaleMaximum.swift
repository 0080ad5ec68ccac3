internal import Findings
internal import Pictures

/// The round number that ends a scale of some values: at least the largest, and 1 where none is
/// above 0.
func scaleEnd(of values: [Double]) -> Double {
  guard let largest = values.lazy.filter(\.isFinite).max(), largest > 0 else { return 1 }
  return niceCeiling(largest)
}

/// The round number that holds a column and twice its floors, 1 at most; 0 where nothing is above 0.
func scaleMaximum(
  of column: Column<Double>, floor: Column<Double>, in tables: [Table]
) -> Double {
  scaleMaximum(holding: tables.flatMap { $0[column] + $0[floor].map { 2 * $0 } })
}

/// The round number that holds some values, 1 at most; 0 where none is above 0.
func scaleMaximum(holding values: [Double]) -> Double {
  guard let largest = values.lazy.filter(\.isFinite).max(), largest > 0 else { return 0 }
  return min(1, niceCeiling(largest))
}
