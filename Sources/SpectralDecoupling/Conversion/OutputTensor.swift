package import Checkpoints
package import Tensors

/// A tensor of the output's main files, and where it comes from.
package struct OutputTensor: Sendable {
  /// An expert's matrix within the tensor: its elements, in one piece.
  package struct Piece: Sendable, Hashable {
    /// The place of the unit in the plan; units are projections, so that an expert's gate and up
    /// projection in one tensor are two pieces.
    package let unit: Int
    /// The expert.
    package let expert: Int
    /// Where it begins, in bytes from the start of the tensor.
    package let offset: Int
    /// Its size.
    package let byteCount: Int

    /// Describes a piece.
    package init(unit: Int, expert: Int, offset: Int, byteCount: Int) {
      self.unit = unit
      self.expert = expert
      self.offset = offset
      self.byteCount = byteCount
    }
  }

  /// Where a tensor of the output comes from.
  package enum Content: Sendable {
    /// It is copied.
    case carried(file: any TensorFile, tensor: TensorDescription)
    /// It is computed from experts, whose pieces fill it, in the order of the bytes.
    case experts([Piece])
  }

  /// What the output's header says of it.
  package let tensor: TensorDescription
  /// Where it comes from.
  package let content: Content

  /// Describes a tensor.
  ///
  /// - Precondition: Pieces fill the tensor, one after the other.
  package init(tensor: TensorDescription, content: Content) {
    if case .experts(let pieces) = content {
      let end = pieces.reduce(0) { end, piece in
        precondition(piece.offset == end, "a gap or overlap in '\(tensor.name)' at byte \(end)")
        return end + piece.byteCount
      }
      precondition(end == tensor.byteCount, "'\(tensor.name)' is not filled by its experts")
    }
    self.tensor = tensor
    self.content = content
  }

  /// Plans what takes the place of a tensor that holds weights of experts.
  ///
  /// - Parameters:
  ///   - stored: The tensor as the checkpoint has it.
  ///   - experts: The weights that fill it, each with the place of its unit and its own; in any
  ///     order.
  ///   - name: What the output calls it.
  ///   - type: The type of its elements there.
  /// - Precondition: Each weight lies in one piece of the tensor, and together they fill it.
  package init(
    insteadOf stored: TensorDescription,
    experts: [(unit: Int, expert: Int, weight: Weight)], name: String, type: ElementType
  ) {
    let width = type.bitCount / 8
    let pieces = experts.map { unit, expert, weight in
      guard let range = weight.elementRange else {
        preconditionFailure("\(weight.place) does not lie in one piece")
      }
      return Piece(
        unit: unit, expert: expert, offset: range.lowerBound * width,
        byteCount: range.count * width)
    }
    self.init(
      tensor: TensorDescription(
        name: name, elementType: type, shape: stored.shape,
        byteCount: stored.shape.reduce(width, *)),
      content: .experts(pieces.sorted { $0.offset < $1.offset }))
  }
}
