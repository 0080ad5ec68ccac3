public import Experts
public import Tensors

/// A layer and projection whose experts are factored.
public struct FactoredUnit: Sendable, Hashable {
  /// The layer, counted from 0.
  public var layer: Int
  /// The projection.
  public var projection: Projection
  /// k_c, the number of common directions on each projected side.
  public var commonRank: Int
  /// The type in which the original stored the weights.
  public var originalType: ElementType

  /// Describes a unit.
  public init(
    layer: Int, projection: Projection, commonRank: Int, originalType: ElementType
  ) {
    self.layer = layer
    self.projection = projection
    self.commonRank = commonRank
    self.originalType = originalType
  }
}
