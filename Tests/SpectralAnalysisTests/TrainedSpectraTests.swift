import Checkpoints
import Experts
import Foundation
import LinearAlgebra
import TestSupport
import Tensors
import Testing

/// Checks the iteration on spectra of trained experts, against full decompositions.
///
/// The experts of the fixtures are small enough to be decomposed whole: several in one matrix, each
/// in rows and columns of its own, are not, and have all of their singular values.
@Suite struct TrainedSpectraTests {
  init() { LinearAlgebraLibrary.useOneThread() }

  @Test(
    "Leading triplets of trained experts are exact to what their contract states",
    arguments: ["qwen2-moe-tiny", "deepseek-v2-tiny"], InstructionSet.available)
  func contract(model: String, set: InstructionSet) throws {
    let layers = try Checkpoint(path: Fixture.url(model).path).layers
    for projection in Projection.allCases {
      let matrix = try Self.together(
        try #require(layers.last?.experts[projection]).map { try $0.get() })
      try #require(min(matrix.rowCount, matrix.columnCount) > LeadingTriplets.directRank)
      let exact = try LeadingTriplets.decompose(matrix.widened().widened(), count: 17)
      var compared = 0
      for k in 1...16 where exact.singularValues[k - 1] >= 1.01 * exact.singularValues[k] {
        compared += 1
        let found = try LeadingTriplets.compute(of: matrix, count: 16, subspaceRank: k, set)
        #expect(found.method != .fullDecomposition)
        for (value, truth) in zip(found.singularValues, exact.singularValues) {
          #expect(abs(value - truth) <= 1e-4 * truth)
        }
        for (ours, theirs) in [(found.left, exact.left), (found.right, exact.right)] {
          let similarity = try SubspaceSimilarity.between(
            ours.leadingColumns(k), theirs.leadingColumns(k))
          #expect(1 - similarity.minCosine <= 1e-4)
        }
      }
      #expect(compared > 0)
    }
  }

  /// Weights along the diagonal of one matrix, as many as make its rank large enough.
  static func together(_ weights: [Weight]) throws -> BF16Matrix {
    var reader = WeightReader()
    let (rows, columns) = (weights[0].rowCount, weights[0].columnCount)
    let count = 1 + LeadingTriplets.directRank / min(rows, columns)
    var matrix = BF16Matrix(
      rowCount: count * rows, columnCount: count * columns,
      elements: [UInt16](repeating: 0, count: count * rows * count * columns))
    for (block, weight) in weights.prefix(count).enumerated() {
      try reader.read(weight)
      for row in 0..<rows {
        for column in 0..<columns {
          let place = (block * rows + row) * matrix.columnCount + block * columns + column
          matrix.elements[place] = UInt16(reader.matrix[row, column].bitPattern >> 16)
        }
      }
    }
    return matrix
  }
}
