package import Checkpoints
package import Tensors

/// A tensor of the output's main files, and where it comes from.
package struct OutputTensor: Sendable {
  /// A matrix of the tensor that a unit makes.
  package struct Piece: Sendable, Hashable {
    /// The place of the unit in the plan; units are projections, so that an expert's gate and up
    /// projection in one tensor are two pieces.
    package let unit: Int
    /// The expert.
    package let expert: Int
    /// Where its elements lie.
    package let place: MatrixPlace

    /// Describes a piece.
    package init(unit: Int, expert: Int, place: MatrixPlace) {
      self.unit = unit
      self.expert = expert
      self.place = place
    }
  }

  /// A matrix of the tensor that is packed in the checkpoint, and only decoded.
  package struct Decoded: Sendable {
    /// How it is read.
    package let weight: Weight
    /// Where its elements lie.
    package let place: MatrixPlace

    /// Describes a matrix.
    package init(weight: Weight, place: MatrixPlace) {
      self.weight = weight
      self.place = place
    }
  }

  /// Where a tensor of the output comes from.
  package enum Content: Sendable {
    /// It is copied.
    case carried(file: any TensorFile, tensor: TensorDescription)
    /// It is decoded, from matrices that fill it.
    case decoded([Decoded])
    /// It is computed from experts, which fill it.
    case experts([Piece])
  }

  /// What the output's header says of it.
  package let tensor: TensorDescription
  /// Where it comes from.
  package let content: Content

  /// Plans a tensor that is copied.
  package init(carrying tensor: TensorDescription, of file: any TensorFile) {
    self.tensor = tensor
    content = .carried(file: file, tensor: tensor)
  }

  /// Plans a tensor that is decoded.
  ///
  /// - Parameter matrices: What it holds, all of one type.
  /// - Precondition: They belong to one tensor, and fill it.
  package init(decoding matrices: [Decoded]) {
    tensor = Self.tensor(of: matrices.map(\.place), type: matrices[0].weight.elementType)
    content = .decoded(matrices)
  }

  /// Plans a tensor that units make.
  ///
  /// - Parameters:
  ///   - pieces: What it holds.
  ///   - type: The type of its elements.
  /// - Precondition: They belong to one tensor, and fill it.
  package init(of pieces: [Piece], type: ElementType) {
    tensor = Self.tensor(of: pieces.map(\.place), type: type)
    content = .experts(pieces)
  }

  private static func tensor(of places: [MatrixPlace], type: ElementType) -> TensorDescription {
    let first = places[0]
    let shape = first.shape
    // Halves of outputs and outputs in turn are never mixed: the families see to that.
    precondition(
      places.allSatisfy { $0.tensor == first.tensor && $0.shape == shape }
        && Set(places).count == places.count
        && places.reduce(0) { $0 + $1.elementCount } == shape.reduce(1, *),
      "'\(first.tensor)' is not filled by its matrices")
    return TensorDescription(
      name: first.tensor, elementType: type, shape: shape,
      byteCount: shape.reduce(type.bitCount / 8, *))
  }
}

extension Weight {
  /// Makes sure that the tensor which holds a stacked matrix holds no more than what is written.
  ///
  /// - Throws: ``DecouplingError/furtherShares(path:tensor:count:expertCount:)``
  func requireWholeTensor(for place: MatrixPlace) throws(DecouplingError) {
    guard let count = stackCount, let expertCount = place.stackCount, count != expertCount else {
      return
    }
    throw .furtherShares(
      path: path, tensor: tensorName, count: count, expertCount: expertCount)
  }
}
