import Tensors

/// Finds the tensors of layers in a checkpoint's files, by what is known of its family.
struct LayerSurvey: Sendable {
  let folder: String
  let family: Family
  let catalogue: FamilyCatalogue
  let files: WeightFiles
  let sizes: Checkpoint.Sizes
  /// How experts are factored; nil for ordinary weights.
  let form: SDMoEForm?
  private let prefix: String

  /// Chooses the prefix under which the tensors of the MoE layers stand.
  init(
    folder: String, family: Family, catalogue: FamilyCatalogue, files: WeightFiles,
    sizes: Checkpoint.Sizes, moeLayers: [Int], form: SDMoEForm?
  ) {
    self.folder = folder
    self.family = family
    self.catalogue = catalogue
    self.files = files
    self.sizes = sizes
    self.form = form
    let layouts = catalogue.layouts(of: family)
    // Any router or first expert shows it: a tensor that is missing must not hide the others.
    let tails = layouts.flatMap { block, layout in
      (family.router + [layout[.gate].tensor.replacing("{E}", with: "0")]).map { "\(block).\($0)" }
    }
    prefix =
      family.prefixes.first { prefix in
        moeLayers.contains { layer in
          tails.contains { files.holdsWeight("\(prefix)layers.\(layer).\($0)") }
        }
      } ?? family.prefixes.first ?? ""
  }

  /// Finds the weights of a layer that has experts.
  func layer(_ index: Int) -> MoELayer {
    let (start, layout) = layout(ofLayer: index)
    var experts: [Projection: [MoELayer.FoundWeight]] = [:]
    var shared: [Projection: MoELayer.FoundWeight] = [:]
    for projection in Projection.allCases {
      experts[projection] = routedExperts(
        of: projection, stored: layout[projection], start: start,
        isFactored: form?.unit(layer: index, projection: projection) != nil)
      guard let expert = family.shared, let width = sizes.sharedWidth,
        let name = catalogue.sharedName(expert.names, projection)
      else { continue }
      shared[projection] = weight(
        "\(start)\(expert.block).\(name)", shape: sizes.shape(of: projection, width: width))
    }
    let routers = family.router.map { start + $0 }
    return MoELayer(
      index: index,
      router: weight(
        routers.first { files[$0] != nil } ?? routers[0],
        shape: [sizes.expertCount, sizes.hiddenSize]),
      experts: experts, shared: shared,
      factorProblems: form.map { form in
        Projection.allCases.compactMap { form.unit(layer: index, projection: $0) }
          .flatMap { problems(of: $0, in: form) }
      } ?? [])
  }

  /// What the names of all tensors of a layer's MoE block start with.
  func start(ofLayer index: Int) -> String { layout(ofLayer: index).start }

  /// A tensor of experts in a layer that should have none; nil where all is well.
  func unexpectedExpert(inLayer index: Int) -> String? {
    for (block, layout) in catalogue.layouts(of: family) {
      let name =
        "\(prefix)layers.\(index).\(block)."
        + layout[.gate].tensor.replacing("{E}", with: "0")
      if files[name] != nil { return name }
      let unique = FactoredExpertNames(weight: name).unique
      if files[unique] != nil { return unique }
    }
    return nil
  }

  /// The layout of a layer is the first of the family's whose tensors are there: it may change from
  /// layer to layer.
  private func layout(ofLayer index: Int) -> (start: String, layout: ExpertLayout) {
    let candidates = catalogue.layouts(of: family).map { block, layout in
      (start: "\(prefix)layers.\(index).\(block).", layout: layout)
    }
    let present = candidates.first { start, layout in
      // One expert may be missing: any of them shows the layout.
      (0..<sizes.expertCount).contains { expert in
        Projection.allCases.contains { projection in
          files.holdsWeight(
            start + layout[projection].tensor.replacing("{E}", with: "\(expert)"))
        }
      }
    }
    return present ?? candidates[0]
  }

  private func routedExperts(
    of projection: Projection, stored: StoredProjection, start: String, isFactored: Bool
  ) -> [MoELayer.FoundWeight] {
    let shape = sizes.shape(of: projection, width: sizes.expertWidth)
    guard let refusal = stored.refusal else {
      return expertWeightNames(of: stored, start: start).map { name in
        weight(isFactored ? FactoredExpertNames(weight: name).unique : name, shape: shape)
      }
    }
    let name = start + stored.tensor.replacing("{E}", with: "0")
    guard let place = files[name] else {
      return [.failure(missing(name))]
    }
    return [
      .failure(
        .unsupported(
          path: place.file.path, tensor: name, elementType: place.tensor.elementType.rawValue,
          reason: refusal))
    ]
  }

  /// Finds a tensor that is to be read, and checks its type and shape.
  func weight(_ name: String, shape: [Int]) -> MoELayer.FoundWeight {
    guard let place = files[name] else { return .failure(missing(name)) }
    let tensor = place.tensor
    guard tensor.elementType.isDecodable else {
      let scales = ["\(name)_scale_inv", "\(name)_scale"].first { files[$0] != nil }
      let reason = scales.map { "holds quantised weights with scales in '\($0)'" }
      return .failure(
        .unsupported(
          path: place.file.path, tensor: name, elementType: tensor.elementType.rawValue,
          reason: reason ?? "holds quantised or packed values"))
    }
    guard tensor.shape == shape else {
      return .failure(
        .wrongShape(
          path: place.file.path, tensor: name, shape: tensor.shape, expected: shape))
    }
    return .success(Weight(file: place.file, tensor: tensor))
  }

  /// The ordinary names of the routed experts' weights of a layer, factored or not; of experts in
  /// one tensor, that of the tensor.
  func expertWeightNames(ofLayer index: Int, projection: Projection) -> [String] {
    let (start, layout) = layout(ofLayer: index)
    return expertWeightNames(of: layout[projection], start: start)
  }

  private func expertWeightNames(of stored: StoredProjection, start: String) -> [String] {
    let parts = stored.tensor.split(separator: "{E}", maxSplits: 1)
    guard parts.count == 2 else { return [start + stored.tensor] }
    return (0..<sizes.expertCount).map { "\(start)\(parts[0])\($0)\(parts[1])" }
  }

  func missing(_ name: String) -> CheckpointError {
    let skipped = files.skipped[name]
    return .missingTensor(path: skipped?.path ?? folder, tensor: name, reason: skipped?.reason)
  }
}
