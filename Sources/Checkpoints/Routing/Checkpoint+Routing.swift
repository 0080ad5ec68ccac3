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

  /// What the routing rule of a layer that has experts reads of the weights; nil where nothing.
  public func routingBias(ofLayer index: Int) -> Weight? {
    try? survey.selectionBias(ofLayer: index, config: config)?.get()
  }
}

extension LayerSurvey {
  /// The rule by which the router of a layer that has experts chooses.
  fileprivate func routingRule(ofLayer index: Int, config: ModelConfig) throws -> RoutingRule {
    let routing = family.routing
    let found = experts(ofLayer: index)
    guard otherRouterRows == 0 else {
      throw CheckpointError.unknownRouting(
        path: folder, layer: index,
        reason: "has a router of \(found.count + otherRouterRows) rows for \(found.count) experts")
    }
    if let table = routing.tokenTable.map(found.name), files[table] != nil {
      throw CheckpointError.unknownRouting(
        path: folder, layer: index, reason: "chooses them by a table of tokens, '\(table)'")
    }
    var bias: [Double]?
    if let weight = try selectionBias(ofLayer: index, config: config) {
      bias = try values(ofBias: try weight.get(), layer: index)
    } else if let stray = catalogue.biasNames.map(found.name).first(where: { files[$0] != nil }) {
      throw CheckpointError.unknownRouting(
        path: folder, layer: index, reason: "has '\(stray)', of which config.json does not speak")
    }
    return try routing.rule(
      ofLayer: index, expertCount: found.count, config: config, bias: bias)
  }

  /// The bias that is added for choosing; nil where the family or the config has none.
  fileprivate func selectionBias(
    ofLayer index: Int, config: ModelConfig
  ) throws(CheckpointError) -> MoELayer.FoundWeight? {
    guard let tails = family.routing.bias?.names, try family.routing.hasBias(config) else {
      return nil
    }
    let names = tails.map(experts(ofLayer: index).name)
    let name = names.first { files[$0] != nil } ?? names[0]
    // Some families store it as a matrix of one row for each kind of experts.
    let count = experts(ofLayer: index).count
    let rows = [1, 1 + (family.otherRouters?.count ?? 0)].map { [$0, count] }
    return rows.first { $0 == files[name]?.tensor.shape }.map { weight(name, shape: $0) }
      ?? vector(name, count: count)
  }

  private func values(ofBias weight: Weight, layer: Int) throws -> [Double] {
    var reader = WeightReader()
    try reader.read(weight)
    // Of several kinds of experts, those past the first have a row of their own.
    let count = experts(ofLayer: layer).count
    let kinds = reader.matrix.elements.count / max(1, count)
    let kind = kinds > 1 && experts(ofLayer: layer).firstRouterRow > 0 ? 1 : 0
    let values = Array(reader.matrix.elements[kind * count..<(kind + 1) * count])
    guard values.allSatisfy(\.isFinite) else {
      throw CheckpointError.unknownRouting(
        path: folder, layer: layer,
        reason: "adds '\(weight.name)', which holds values that are not finite")
    }
    return values.map(Double.init)
  }
}
