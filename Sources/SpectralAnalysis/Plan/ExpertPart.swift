/// What of each routed expert's weights is measured, by the name that the command line uses.
public enum ExpertPart: String, Sendable, Hashable, CaseIterable {
  /// W_u, which a checkpoint in the factored SD-MoE form holds.
  case unique
  /// W, which an ordinary checkpoint holds.
  case whole
}
