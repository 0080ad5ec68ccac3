import Tensors

extension Checkpoint {
  /// The rule by which the router of a layer chooses experts.
  ///
  /// - Parameter index: The number of a layer that has experts.
  /// - Returns: The rule, with the layer's own bias where the family has one.
  /// - Throws: ``CheckpointError``: for a layer without experts, a key of config.json that is
  ///   missing or senseless, a bias that is missing or misshapen, and
  ///   ``CheckpointError/unknownRouting(path:layer:reason:)`` where logits do not tell the choice;
  ///   the file's error when the bias cannot be read.
  /// - Complexity: O(N)
  public func routingRule(ofLayer index: Int) throws -> RoutingRule {
    _ = try layers(numbered: [index])
    return try survey.routingRule(ofLayer: index, config: config)
  }
}

extension LayerSurvey {
  /// The rule by which the router of a layer that has experts chooses.
  fileprivate func routingRule(ofLayer index: Int, config: ModelConfig) throws -> RoutingRule {
    let routing = family.routing
    let start = start(ofLayer: index)
    if let table = routing.tokenTable.map({ start + $0 }), files[table] != nil {
      throw CheckpointError.unknownRouting(
        path: folder, layer: index, reason: "chooses them by a table of tokens, '\(table)'")
    }
    var bias: [Double]?
    if let names = routing.bias?.names, try routing.hasBias(config) {
      bias = try selectionBias(names.map { start + $0 }, layer: index)
    } else if let stray = catalogue.biasNames.map({ start + $0 }).first(where: { files[$0] != nil })
    {
      throw CheckpointError.unknownRouting(
        path: folder, layer: index, reason: "has '\(stray)', of which config.json does not speak")
    }
    return try routing.rule(
      ofLayer: index, expertCount: sizes.expertCount, config: config, bias: bias)
  }

  private func selectionBias(_ names: [String], layer: Int) throws -> [Double] {
    let name = names.first { files[$0] != nil } ?? names[0]
    // Some families store it as a matrix of one row.
    let row = [1, sizes.expertCount]
    let shape = files[name]?.tensor.shape == row ? row : [sizes.expertCount]
    let tensor = try weight(name, shape: shape).get()
    var values = [Float](repeating: 0, count: sizes.expertCount)
    var reader = RowReader()
    try reader.read(
      rows: 0..<tensor.tensor.rowCount, of: tensor.tensor, in: tensor.file, into: &values)
    guard values.allSatisfy(\.isFinite) else {
      throw CheckpointError.unknownRouting(
        path: folder, layer: layer, reason: "adds '\(name)', which holds values that are not finite"
      )
    }
    return values.map(Double.init)
  }
}
