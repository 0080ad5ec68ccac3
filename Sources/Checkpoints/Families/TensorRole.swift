/// What a tensor is for in a model.
///
/// Names differ from family to family, roles do not: ``Checkpoint/use(of:)`` and
/// ``Checkpoint/tensorNames(of:part:inLayer:)`` lead from one to the other.
public enum TensorRole: String, Sendable, Hashable, CaseIterable, CodingKeyRepresentable, Decodable
{
  /// The embeddings of tokens, vocabulary x hidden size; also the output head where a checkpoint
  /// has none of its own.
  case tokenEmbedding = "token embedding"
  /// The norm after the last layer.
  case finalNorm = "final norm"
  /// The matrix that makes logits of tokens, vocabulary x hidden size.
  case outputHead = "output head"
  /// The norm before the attention of a layer, or what mixes tokens in its stead.
  case attentionNorm = "attention norm"
  /// The norm of what the attention of a layer adds.
  case attentionOutputNorm = "attention output norm"
  /// The norm before the MLP or the experts of a layer.
  case mlpNorm = "MLP norm"
  /// The norm of what the MLP or the experts of a layer add.
  case mlpOutputNorm = "MLP output norm"
  /// The projection to queries.
  case query
  /// The projection to keys.
  case key
  /// The projection to values.
  case value
  /// The projections to queries, keys and values in one.
  case queryKeyValue = "query, key and value"
  /// The projection of what attention gives.
  case attentionOutput = "attention output"
  /// The norm of queries.
  case queryNorm = "query norm"
  /// The norm of keys.
  case keyNorm = "key norm"
  /// The projection to latent vectors that queries are made from.
  case latentQuery = "latent query"
  /// The norm of the latent vectors that queries are made from.
  case latentQueryNorm = "latent query norm"
  /// The projection of latent vectors to queries.
  case queryOfLatent = "query of latent"
  /// The projection to latent vectors that keys and values are made from, and to what all heads
  /// share of the keys.
  case latentKeyValue = "latent key and value"
  /// The norm of the latent vectors that keys and values are made from.
  case latentKeyValueNorm = "latent key and value norm"
  /// The projection of latent vectors to keys and values.
  case keyValueOfLatent = "key and value of latent"
  /// The logits that take part in the softmax of each head without a token.
  case attentionSinks = "attention sinks"
  /// Any tensor of what mixes tokens otherwise than by softmax attention over all of them: linear
  /// attention, state spaces, convolutions, indexers, compressors.
  case otherMixer = "other mixer"
  /// Any tensor of connections between several residual streams.
  case hyperConnection = "hyper-connection"
  /// The gate projection of a layer without experts.
  case denseGate = "dense gate"
  /// The up projection of a layer without experts.
  case denseUp = "dense up"
  /// The down projection of a layer without experts.
  case denseDown = "dense down"
  /// The router, experts x hidden size.
  case router
  /// What is added to scores for choosing experts alone, one value for each.
  case selectionBias = "selection bias"
  /// The experts of each token, where a layer chooses by tokens.
  case tokenTable = "token table"
  /// The gate projection of the shared expert.
  case sharedGate = "shared gate"
  /// The up projection of the shared expert.
  case sharedUp = "shared up"
  /// The gate and up projections of the shared expert in one.
  case sharedGateUp = "shared gate and up"
  /// The down projection of the shared expert.
  case sharedDown = "shared down"
  /// What makes the factor of the shared expert's output, 1 x hidden size.
  case sharedOutputGate = "shared output gate"
  /// The gate projection of routed experts, of one or of all.
  case expertGate = "expert gate"
  /// The up projection of routed experts, of one or of all.
  case expertUp = "expert up"
  /// The gate and up projections of routed experts in one.
  case expertGateUp = "expert gate and up"
  /// The down projection of routed experts, of one or of all.
  case expertDown = "expert down"
}
