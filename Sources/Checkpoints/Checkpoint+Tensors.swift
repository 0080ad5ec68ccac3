import Tensors

extension Checkpoint {
  /// What a tensor is for, by its name alone.
  ///
  /// ```swift
  /// checkpoint.use(of: "model.layers.3.mlp.experts.7.gate_proj.weight")
  /// // expertGate, layer 3, expert 7, values
  /// ```
  ///
  /// - Returns: Its role and place; nil for a name that the family does not have, such as those of
  ///   vision towers, of layers for multi-token prediction and of factored experts.
  /// - Complexity: O(length of the name)
  public func use(of name: String) -> TensorUse? {
    tensorNames.use(of: survey.files.plainName(name))
  }

  /// The names of the tensors of a role that the checkpoint has.
  ///
  /// - Parameters:
  ///   - role: What they are for.
  ///   - part: Which of the tensors that belong together they are.
  ///   - layer: The layer, for roles of layers; nil for roles of the whole model.
  /// - Returns: One name for most roles, one for each routed expert in their order where each has
  ///   tensors of its own, several for roles that stand for any tensor of a kind, and none where
  ///   the checkpoint has no such tensor.
  /// - Complexity: O(N)
  public func tensorNames(
    of role: TensorRole, part: TensorUse.Part = .values, inLayer layer: Int? = nil
  ) -> [String] {
    tensorNames.names(of: role, part: part, layer: layer).compactMap {
      survey.files[$0]?.tensor.name
    }
  }
}
