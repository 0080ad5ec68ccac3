import Captures
import Checkpoints

/// What the memory of analyses depends on.
struct MemoryPlan {
  let sizes: Checkpoint.Sizes
  let options: AnalysisOptions
  let capture: Capture?
  /// k of the routed experts.
  let leadingCount: Int
  /// How many matrices, or blocks of tokens, are worked on at once.
  let workers: Int

  /// The number of captured tokens.
  var tokenCount: Int { capture?.tokenCount ?? 0 }
}
