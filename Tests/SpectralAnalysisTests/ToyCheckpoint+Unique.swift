import Checkpoints
import Experts
import LinearAlgebra
import TestSupport
import Tensors

extension ToyCheckpoint {
  /// A form of layer 0 with those projections.
  static func form(
    of projections: [Projection], commonRank: Int, sides: SDMoEForm.Sides = .both,
    dtype: ElementType = .f32
  ) -> SDMoEForm {
    SDMoEForm(
      mode: .strict, bases: .joint, weights: .uniform, sides: sides, commonRankExact: false,
      dtype: dtype,
      units: projections.map {
        FactoredUnit(layer: 0, projection: $0, commonRank: commonRank, originalType: .f32)
      })
  }

  /// Says in the config that layer 0 is factored, and puts unique parts in the place of weights.
  ///
  /// Strict mode with random bases: what is tested reads nothing but the unique parts.
  ///
  /// - Parameters:
  ///   - form: The form.
  ///   - unique: The unique part of a projection of an expert, from its whole weight.
  mutating func factor(
    _ form: SDMoEForm, unique: (Projection, Int, Matrix<Double>) -> Matrix<Double>
  ) {
    config["sd_moe"] = JSONText(verbatim: form.json)
    for unit in form.units {
      var expert = 0
      while let weight = self[orNil: Self.name(unit.projection, ofExpert: expert)] {
        let shape = weight.description.shape
        let matrix = unique(unit.projection, expert, weight.matrix)
        self[weight.name] = ToyTensor(
          FactoredExpertNames(weight: weight.name).unique, form.dtype, shape,
          values: matrix.elements)
        expert += 1
      }
    }
  }

  /// Factors with the common subspaces spanned by random bases, one pair for each projection.
  mutating func factorAtRandom(_ form: SDMoEForm, seed: UInt64) throws {
    var bases: [Projection: (left: Matrix<Double>, right: Matrix<Double>)] = [:]
    for unit in form.units {
      guard let weight = self[orNil: Self.name(unit.projection, ofExpert: 0)] else { continue }
      let shape = weight.description.shape
      bases[unit.projection] = (
        try .orthonormal(shape[0], unit.commonRank, seed: seed),
        try .orthonormal(shape[1], unit.commonRank, seed: seed + 1)
      )
    }
    factor(form) { projection, _, weight in
      guard let (left, right) = bases[projection] else { return weight }
      var part = weight
      if form.sides.projectLeft(of: projection) {
        part.subtract(product(left, product(left, leftTransposed: true, part)))
      }
      if form.sides.projectRight(of: projection) {
        part.subtract(product(product(part, right), right, rightTransposed: true))
      }
      return part
    }
  }

  private subscript(orNil name: String) -> ToyTensor? { tensors.first { $0.name == name } }
}

extension ToyTensor {
  /// The values of an F32 matrix.
  fileprivate var matrix: Matrix<Double> {
    let shape = description.shape
    let values = stride(from: 0, to: bytes.count, by: 4).map { place in
      Double(
        Float(
          bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * UInt32($1)) }))
    }
    return Matrix(rowCount: shape[0], columnCount: shape[1], elements: values)
  }
}

extension Matrix where Scalar == Double {
  fileprivate mutating func subtract(_ other: Matrix) {
    for place in elements.indices { elements[place] -= other.elements[place] }
  }
}
