import LinearAlgebra
import Tensors

/// The leading subspaces of a unit's experts on the hidden side, to be compared.
struct HiddenSubspaces: Sendable {
  /// The leading directions as rows, expert after expert; an expert of a rank below k has none.
  private var rows: [Float] = []
  private var count = 0
  let k: Int

  init(k: Int) { self.k = k }

  /// The k leading directions of a matrix as rows; nil for a rank below k.
  static func rows(
    of matrix: Matrix<Float>, k: Int, right: Bool
  ) throws -> [Float]? {
    guard squaredNorm(of: matrix) > 0 else { return nil }
    let found = try LeadingTriplets.compute(of: matrix, count: k, subspaceRank: k)
    let noise = largestNoise(
      rowCount: matrix.rowCount, columnCount: matrix.columnCount, largest: found.singularValues[0])
    guard found.singularValues[k - 1] > noise else { return nil }
    return (right ? found.right : found.left).transposed().elements
  }

  mutating func append(_ expert: [Float]?) {
    guard let expert else { return }
    rows += expert
    count += 1
  }

  /// The mean principal similarity of all pairs; nil for less than two experts.
  func meanSimilarity() throws -> (mean: Double, pairs: Int)? {
    guard count > 1 else { return nil }
    let stack = Matrix(rowCount: count * k, columnCount: rows.count / (count * k), elements: rows)
    let cosines = try meanCosines(between: stack, and: stack, rank: k)
    var sum = 0.0
    for a in 0..<count { for b in a + 1..<count { sum += cosines[a, b] } }
    let pairs = count * (count - 1) / 2
    return (sum / Double(pairs), pairs)
  }
}
