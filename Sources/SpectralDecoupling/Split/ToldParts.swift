import Checkpoints
import LinearAlgebra
import Tensors

/// The parts of an expert as far as a stored matrix tells them.
struct ToldParts: Sendable {
  /// W_u, with what rounding W_u or the sum of the parts left in it.
  let unique: Matrix<Float>
  /// Delta, where the matrix holds it.
  let remainder: ThinProjection?

  /// Takes the parts of an ordinary matrix: along the bases in exact mode, what is there beside W_c
  /// in strict mode.
  init(ofMerged matrix: Matrix<Float>, mode: SDMoEForm.Mode, common: CommonPart) {
    switch mode {
    case .exact:
      let split = ExpertSplit(matrix, common: common)
      unique = split.unique
      remainder = split.remainder
    case .strict:
      unique = common.sum(with: nil).subtracted(from: matrix)
      remainder = nil
    }
  }

  /// Takes the parts of a factored checkpoint.
  init(unique: Matrix<Float>, remainder: ThinProjection?) {
    self.unique = unique
    self.remainder = remainder
  }
}
