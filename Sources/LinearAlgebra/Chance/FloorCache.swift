import Synchronization

/// Random floors, each estimated once.
package final class FloorCache: Sendable {
  private struct Key: Hashable {
    let dimension: Int
    let rank: Int
  }

  private let known = Mutex<[Key: RandomFloor]>([:])

  /// Makes a cache that knows nothing.
  package init() {}

  /// The floor of random subspaces of that dimension and rank.
  ///
  /// - Throws: ``LinearAlgebraError`` when LAPACK fails.
  package func floor(dimension: Int, rank: Int) throws -> RandomFloor {
    let key = Key(dimension: dimension, rank: rank)
    return try known.withLock { known in
      if let floor = known[key] { return floor }
      let floor = try RandomFloor(dimension: dimension, rank: rank)
      known[key] = floor
      return floor
    }
  }
}
