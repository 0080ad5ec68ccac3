/// An analysis of Method.md, by the name that the command line uses.
public enum Analysis: String, Sendable, Hashable, CaseIterable {
  /// Energy of the leading directions (analysis 1).
  case energy
  /// The singular values (analysis 1).
  case spectrum
  /// Principal similarity of experts, and their order and groups (analysis 2).
  case similarity
  /// Router alignment and score (analysis 4).
  case router
  /// Energy and similarity of all bands of directions (analysis 3).
  case bands
  /// Alignment of the router with the directions of its input (analysis 5).
  case routerData = "router-data"
  /// How often each direction is active (analysis 6).
  case activationRatio = "activation-ratio"
  /// What a shuffled order of tokens changes (analysis 7).
  case shuffle
  /// Similarity of the directions of sequences (analysis 8).
  case dataAlignment = "data-alignment"
  /// Load and co-activation of experts (analysis 9).
  case routing
  /// Analyses 1 to 3 of gradients (analysis 10).
  case gradients

  /// What an analysis needs.
  public enum Input: Sendable, Hashable {
    /// The checkpoint alone.
    case checkpoint
    /// Captured activations.
    case captures
    /// A file of gradients.
    case gradients
  }

  /// What the analysis needs besides the checkpoint.
  public var input: Input {
    switch self {
    case .energy, .spectrum, .similarity, .router, .bands: .checkpoint
    case .routerData, .activationRatio, .shuffle, .dataAlignment, .routing: .captures
    case .gradients: .gradients
    }
  }

  /// Whether the analysis compares what lives at an expert's input, which down_proj does not see.
  public var needsInputSide: Bool {
    switch self {
    case .router, .activationRatio, .shuffle: true
    default: false
    }
  }

  /// Whether the analysis is about a layer's input and router, whatever the projection.
  var isOfLayer: Bool {
    switch self {
    case .routerData, .dataAlignment, .routing: true
    default: false
    }
  }
}
