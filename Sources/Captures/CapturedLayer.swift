/// What was captured of one layer.
public struct CapturedLayer: Sendable {
  /// The layer's number in the model, from 0.
  public let index: Int
  /// The input of the MoE block, after the norm: *T* x *d*.
  public let input: ActivationRows
  /// The router's logits: *T* x *N* for *N* routed experts; nil where they were not captured.
  ///
  /// Those of experts that the router may not choose may be -infinity.
  public let routerLogits: ActivationRows?
  /// The input of the block when each sequence was shuffled, rows put back in the order of the
  /// tokens: *T* x *d*; nil where it was not captured.
  public let shuffledInput: ActivationRows?

  /// The same of fewer tokens.
  func limited(to tokens: TokenRows) -> CapturedLayer {
    CapturedLayer(
      index: index, input: input.limited(to: tokens),
      routerLogits: routerLogits?.limited(to: tokens),
      shuffledInput: shuffledInput?.limited(to: tokens))
  }
}
