/// Which part a tensor has in a model.
public struct TensorUse: Sendable, Hashable {
  /// Which of the tensors that belong together one is.
  public enum Part: String, Sendable, Hashable, CaseIterable, Decodable {
    /// The values themselves, plain or packed.
    case values
    /// What is added to the product with the values.
    case bias
    /// The scales of packed values.
    case scales
    /// The zero points of packed values.
    case zeros
    /// The shape of packed values.
    case shape
    /// The order in which packed values were quantised.
    case order
    /// The numbers that packed values, or their scales, stand for.
    case codebook
    /// What a program noted of its way of storing.
    case notes
  }

  /// What the tensor is for.
  public let role: TensorRole
  /// The number of the layer, counted from 0; nil where it belongs to none.
  public let layer: Int?
  /// The number of the routed expert; nil where it belongs to none, or to all of the layer.
  public let expert: Int?
  /// Which of the tensors of that role it is.
  public let part: Part

  /// Says what a tensor is for.
  public init(role: TensorRole, layer: Int? = nil, expert: Int? = nil, part: Part = .values) {
    self.role = role
    self.layer = layer
    self.expert = expert
    self.part = part
  }
}
