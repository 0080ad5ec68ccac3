import Findings
import LinearAlgebra

/// Subspaces of some rank in a space of some dimension, for which chance is told.
struct FloorShape: Sendable, Hashable {
  let dimension: Int
  let rank: Int
}

/// The table `floors` for subspaces of some dimensions, each once.
func floorsTable(_ shapes: [FloorShape], from cache: FloorCache) throws -> Table {
  var table = Table(.floors)
  var seen: Set<FloorShape> = []
  for shape in shapes where seen.insert(shape).inserted {
    let floor = try cache.floor(dimension: shape.dimension, rank: shape.rank)
    let measures: [(Floors.Measure, RandomFloor.Distribution)] = [
      (.meanCosine, floor.meanCosine), (.overlap, floor.overlap), (.maxCosine, floor.maxCosine),
      (.minCosine, floor.minCosine), (.geodesic, floor.geodesic),
    ]
    for (measure, floor) in measures {
      table.append(
        Floors.n(shape.dimension), Floors.k(shape.rank), Floors.measure(measure),
        Floors.mean(floor.mean), Floors.sd(floor.standardDeviation), Floors.p95(floor.percentile95))
    }
  }
  return table
}
