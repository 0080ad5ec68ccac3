import Checkpoints
import Experts
import LinearAlgebra
import TestSupport
import Tensors

/// The parts of one unit as a factored checkpoint stores them, in double precision.
struct StoredSplit {
  let left: Matrix<Double>?
  let right: Matrix<Double>?
  let common: Matrix<Double>
  let unique: [Matrix<Double>]
  let remainders: [Matrix<Double>]

  init(
    _ projection: Projection, experts: Int, in tensors: [String: StoredTensor], layer: Int = 0
  ) throws {
    let names = FactoredNames(start: "model.layers.\(layer).mlp.", projection: projection)
    func matrix(_ name: String) -> Matrix<Double>? { tensors[name]?.matrix }
    let bases = (left: matrix(names.basisLeft), right: matrix(names.basisRight))
    (left, right) = bases
    let empty = Matrix<Double>(rowCount: 0, columnCount: 0)
    common = product(matrix(names.commonLeft) ?? empty, matrix(names.commonRight) ?? empty)
    let zero = common.scaled(0)
    let stems = (0..<experts).map {
      FactoredExpertNames(
        weight: ToyCheckpoint.name(projection, ofExpert: $0, layer: layer))
    }
    unique = stems.map { matrix($0.unique) ?? empty }
    remainders = stems.map { names in
      var sum = zero
      if let basis = bases.left, let factor = matrix(names.remainderRight) {
        sum = sum + product(basis, factor)
      }
      if let basis = bases.right, let factor = matrix(names.remainderLeft) {
        sum = sum + product(factor, basis, rightTransposed: true)
      }
      return sum
    }
  }
}
