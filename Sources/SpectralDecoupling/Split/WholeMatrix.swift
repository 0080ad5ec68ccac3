import Checkpoints
import LinearAlgebra
import Tensors

/// An expert's matrix, put together from its stored parts.
struct WholeMatrix: Sendable {
  /// As it is stored in the ordinary layout.
  let stored: StoredElements
  /// The values of what is stored.
  let matrix: Matrix<Float>
  /// The sum of the parts before it was rounded.
  let sum: Matrix<Float>
  let remainder: ThinProjection
  let correctionCount: Int

  /// Adds the parts up, rounds the sum to the original's type, and puts single elements right.
  init(
    unique: Matrix<Float>, common: CommonPart, stored factors: StoredFactors,
    names: FactoredExpertNames, originalType: ElementType, type: ElementType
  ) throws {
    remainder = try factors.remainder(names)
    let sum = common.sum(with: remainder).added(to: unique)
    let correction = try factors.correction(names, of: sum.elements.count)
    var whole = StoredElements(sum, as: correction == nil ? type : originalType)
    if let correction { whole.apply(correction) }
    self.sum = sum
    correctionCount = correction?.indices.count ?? 0
    let values = whole.matrix(rowCount: sum.rowCount, columnCount: sum.columnCount)
    matrix = values
    stored = whole.type == type ? whole : StoredElements(values, as: type)
  }
}
