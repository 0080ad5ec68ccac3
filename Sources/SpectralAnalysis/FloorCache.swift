import Findings
import LinearAlgebra
import Synchronization

/// Random floors, each estimated once.
final class FloorCache: Sendable {
  private struct Key: Hashable {
    let dimension: Int
    let rank: Int
  }

  private let known = Mutex<[Key: RandomFloor]>([:])

  func floor(dimension: Int, rank: Int) throws -> RandomFloor {
    let key = Key(dimension: dimension, rank: rank)
    return try known.withLock { known in
      if let floor = known[key] { return floor }
      let floor = try RandomFloor(dimension: dimension, rank: rank)
      known[key] = floor
      return floor
    }
  }
}

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
