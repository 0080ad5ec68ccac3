import Findings
import LinearAlgebra

/// The table `floors` for subspaces of some dimensions.
func floorsTable(_ shapes: [(dimension: Int, rank: Int)], from cache: FloorCache) throws -> Table {
  var table = Table(.floors)
  for shape in shapes {
    let floor = try cache.floor(dimension: shape.dimension, rank: shape.rank)
    let measures = [
      ("mean_cosine", floor.meanCosine), ("overlap", floor.overlap),
      ("max_cosine", floor.maxCosine), ("min_cosine", floor.minCosine),
      ("geodesic", floor.geodesic),
    ]
    for (name, floor) in measures {
      table.append(
        .integer(shape.dimension), .integer(shape.rank), .text(name), .number(floor.mean),
        .number(floor.standardDeviation), .number(floor.percentile95))
    }
  }
  return table
}
