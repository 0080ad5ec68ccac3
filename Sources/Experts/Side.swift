/// The side of a projection on which subspaces are compared.
public enum Side: String, Sendable, Hashable, CaseIterable, Codable {
  /// In the residual stream, where all experts share one coordinate system.
  case hidden
  /// Among an expert's own neurons, whose order is arbitrary.
  case neuron
}
