import Checkpoints
import LinearAlgebra
import Tensors
import Workers

/// The weights of one unit's routed experts, read one at a time and worker.
struct UnitExperts: Sendable {
  /// The weights, in the order of the experts: all of one shape and type.
  let weights: [Weight]
  /// What each expert counts in sums over the experts; not negative, and one in sum.
  let shares: [Double]
  /// Whose workers are used, an expert at a time.
  let pool: WorkerPool
  /// Which unit it is: workers turn to earlier units first.
  var order = 0

  var rowCount: Int { weights[0].rowCount }
  var columnCount: Int { weights[0].columnCount }
  /// r, the number of singular directions of a matrix.
  var rank: Int { min(rowCount, columnCount) }

  /// Does the same work for every expert's matrix, side by side.
  ///
  /// - Returns: The results in the order of the experts.
  /// - Throws: The file's error, and what `body` throws.
  func map<Result: Sendable>(
    _ experts: Range<Int>? = nil,
    _ body: @Sendable @escaping (Matrix<Float>, Int) throws -> Result
  ) async throws -> [Result] {
    let experts = experts ?? 0..<weights.count
    return try await pool.map(
      count: experts.count, order: order, makeMemory: { WeightReader() }
    ) { reader, place in
      let expert = experts.lowerBound + place
      try reader.read(weights[expert])
      return try body(reader.matrix, expert)
    }
  }

  /// Does the same work for every expert's elements as they are stored, side by side.
  ///
  /// - Returns: The results in the order of the experts.
  /// - Throws: The file's error, and what `body` throws.
  func mapStored<Result: Sendable>(
    _ body: @Sendable @escaping (StoredElements, Int) throws -> Result
  ) async throws -> [Result] {
    try await pool.map(count: weights.count, order: order, makeMemory: { WeightReader() }) {
      reader, expert in
      try body(StoredElements(weights[expert], readBy: &reader), expert)
    }
  }

  /// Sums what the experts yield in their order, so that the sum does not depend on the workers.
  ///
  /// - Parameters:
  ///   - elementCount: How many numbers an expert yields.
  ///   - body: Yields numbers of an expert's matrix.
  /// - Returns: The sum over the experts, each times its share, in double precision; and what each
  ///   yielded, where all of it was in memory at once.
  /// - Throws: As ``map(_:_:)``, and ``DecouplingError/notFinite(place:row:column:)``.
  /// - Complexity: Memory for a quarter of a gigabyte of what experts yield, or for one expert's.
  func sum(
    of elementCount: Int,
    _ body: @Sendable @escaping (Matrix<Float>) throws -> [Float]
  ) async throws -> (total: [Double], yields: [[Float]]?) {
    let atOnce = max(pool.count, (1 << 28) / (4 * max(1, elementCount)))
    var total = [Double](repeating: 0, count: elementCount)
    var kept: [[Float]]?
    for start in stride(from: 0, to: weights.count, by: atOnce) {
      let part = start..<min(weights.count, start + atOnce)
      let yields = try await map(part) { matrix, expert in
        let yield = try body(matrix)
        // What is not finite in a matrix is not finite in its products.
        if !yield.allSatisfy(\.isFinite) { try requireFinite(matrix, expert) }
        return yield
      }
      if part.count == weights.count { kept = yields }
      for (place, yield) in yields.enumerated() {
        let share = shares[start + place]
        if share == 0 { continue }
        for index in total.indices { total[index] += share * Double(yield[index]) }
      }
    }
    return (total, kept)
  }

  /// Refuses a matrix that holds NaN or an infinity.
  func requireFinite(_ matrix: Matrix<Float>, _ expert: Int) throws {
    guard let place = matrix.elements.firstIndex(where: { !$0.isFinite }) else { return }
    throw DecouplingError.notFinite(
      place: weights[expert].place, row: place / columnCount, column: place % columnCount)
  }
}
