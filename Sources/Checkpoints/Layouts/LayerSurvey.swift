import Experts
import TensorFiles
import Tensors
import Workers

/// Finds the tensors of layers in a checkpoint's files, by what is known of its family.
struct LayerSurvey: Sendable {
  let folder: String
  let family: Family
  let catalogue: FamilyCatalogue
  let files: WeightFiles
  /// What config.json says of the sizes.
  let hiddenSize, expertWidth: Int
  let sharedWidth: Int?
  /// The number of rows that routers have after those of the routed experts.
  let otherRouterRows: Int
  /// The number of decoder layers.
  let layerCount: Int
  /// How experts are factored; nil for ordinary weights.
  let form: SDMoEForm?
  /// What config.json says of quantised weights.
  let notes: QuantizationNotes
  /// The type of the model's numbers, to which decoded ones are rounded.
  let numberType: ElementType
  /// What stands before `layers.{L}.` in this checkpoint.
  let prefix: String
  /// All tensors that are weights of experts, whatever config.json says.
  let census: ExpertCensus
  /// The projections that experts have: without the gate where no expert of the checkpoint has one.
  let projections: [Projection]
  /// What the names of layers past the decoder's start with, by the number that they go by.
  private(set) var furtherStarts: [Int: String] = [:]
  /// What is wrong where no expert is called as the family calls them.
  private(set) var strangeNames: CheckpointError?
  /// Where the experts of each layer lie that has some: the decoder's and those past them.
  private(set) var experts: [Int: LayerExperts] = [:]

  /// Looks for experts in all layers.
  ///
  /// - Parameters:
  ///   - folder: Where the checkpoint lies.
  ///   - family: The family of the model.
  ///   - catalogue: All families.
  ///   - files: The weight files.
  ///   - outline: What config.json says.
  ///   - prefix: What stands before `layers.{L}.` in this checkpoint.
  ///   - form: How experts are factored.
  ///   - notes: What config.json says of quantised weights.
  ///   - numberType: The type of the model's numbers.
  init(
    folder: String, family: Family, catalogue: FamilyCatalogue, files: WeightFiles,
    outline: ModelOutline, prefix: String, form: SDMoEForm?, notes: QuantizationNotes,
    numberType: ElementType
  ) {
    self.folder = folder
    self.family = family
    self.catalogue = catalogue
    self.files = files
    hiddenSize = outline.hiddenSize
    expertWidth = outline.expertWidth
    sharedWidth = outline.sharedWidth
    otherRouterRows = outline.otherRouterRows
    layerCount = outline.layerCount
    self.form = form
    self.notes = notes
    self.numberType = numberType
    let layouts = catalogue.layouts(of: family)
    self.prefix = prefix
    census = ExpertCensus(of: files, endings: catalogue.endings)
    projections = census.projections(of: layouts)
    strangeNames = findStrangeNames()
    furtherStarts = furtherLayers()
    findExperts(in: outline, width: expertWidth)
    // Where no expert is of the width that config.json gives, that is what is wrong.
    let isOtherModel = outline.moeLayers.allSatisfy { experts[$0]?.numbers.isEmpty == true }
    if isOtherModel, !outline.isWidthAsked { findExperts(in: outline, width: nil) }
  }

  private mutating func findExperts(in outline: ModelOutline, width: Int?) {
    let layers = outline.moeLayers + furtherStarts.keys
    let survey = self
    let found = mapAtOnce(count: layers.count) { place in
      survey.experts(
        ofLayer: layers[place], configuredCount: outline.counts[layers[place]], width: width)
    }
    experts = Dictionary(zip(layers, found), uniquingKeysWith: { $1 })
  }

  /// Finds the weights of a layer that has experts.
  func layer(_ index: Int) -> MoELayer {
    let found = self.experts(ofLayer: index)
    var experts: [Projection: [MoELayer.FoundWeight]] = [:]
    var shared: [Projection: MoELayer.FoundWeight] = [:]
    for projection in projections {
      guard let stored = found.layout[projection] else { continue }
      experts[projection] = recipes(
        of: projection, stored: stored, among: found,
        isFactored: form?.unit(layer: index, projection: projection) != nil)
      guard let width = sharedWidth, !lacksShared(index),
        let (name, stored) = sharedWeight(of: projection, among: found)
      else { continue }
      shared[projection] = sharedWeight(name, of: projection, width: width, stored: stored)
    }
    if let problem = misnumbering(ofLayer: index) ?? secondLayout(ofLayer: index) {
      experts = experts.mapValues { $0.map { _ in .failure(problem) } }
    }
    return MoELayer(
      index: index, expertNumbers: found.numbers, expertCount: found.count,
      firstRouterRow: found.firstRouterRow, router: router(among: found), experts: experts,
      shared: shared,
      factorProblems: form.map { form in
        Projection.allCases.compactMap { form.unit(layer: index, projection: $0) }
          .flatMap { problems(of: $0, in: form) }
      } ?? [])
  }

  /// Where the experts of a layer lie.
  ///
  /// - Precondition: The layer has experts.
  func experts(ofLayer index: Int) -> LayerExperts {
    guard let found = experts[index] else { preconditionFailure("layer \(index) has no experts") }
    return found
  }

  /// What the names of all tensors of a layer start with.
  func layerStart(of index: Int) -> String {
    furtherStarts[index] ?? "\(prefix)layers.\(index)."
  }

  /// What the names of all tensors of a layer's MoE block start with.
  func start(ofLayer index: Int) -> String { experts(ofLayer: index).start }

  /// A tensor of experts in a layer that should have none; nil where all is well.
  func unexpectedExpert(inLayer index: Int) -> String? {
    let entries = census.entries(ofLayer: layerStart(of: index))
    return catalogue.layouts(of: family).lazy
      .compactMap { entries.experts(in: $0, layout: $1).first?.example }.first
  }

  /// Whether a layer has experts of the width that is measured.
  func holdsMeasured(_ index: Int) -> Bool {
    experts[index]?.numbers.isEmpty == false && !isDense(index)
  }

  /// The name of a shared expert's weight and how it is stored; nil where the family has none.
  func sharedWeight(
    of projection: Projection, among found: LayerExperts
  ) -> (name: String, stored: StoredProjection)? {
    guard let expert = family.shared else { return nil }
    let weights = catalogue.sharedWeights(expert, projection).map {
      (name: found.name($0.name), stored: $0.stored)
    }
    return weights.first { files.holdsWeight($0.name) } ?? weights.first
  }

  /// Whether a layer past the decoder's has no shared expert though the decoder's have: of those it
  /// is no sign of damage, for config.json does not speak of such layers.
  private func lacksShared(_ index: Int) -> Bool {
    guard index >= layerCount, sharedWidth != nil, family.shared != nil else { return false }
    let found = experts(ofLayer: index)
    return !projections.contains { projection in
      sharedWeight(of: projection, among: found).map { files.holdsWeight($0.name) } == true
    }
  }

  /// What is wrong where a layer has as many experts as its router, but under other numbers; nil
  /// where all is well.
  private func misnumbering(ofLayer index: Int) -> CheckpointError? {
    guard let numbers = experts(ofLayer: index).otherNumbers else { return nil }
    return .misnumberedExperts(path: folder, layer: index, numbers: numbers)
  }

  /// What is wrong where a layer holds its experts in two layouts; nil where all is well.
  private func secondLayout(ofLayer index: Int) -> CheckpointError? {
    let found = experts(ofLayer: index)
    guard let other = found.otherLayout else { return nil }
    let example = census.entries(ofLayer: layerStart(of: index))
      .experts(in: found.block, layout: found.layout).first?.example
    return .storedTwice(
      path: files[other]?.file.path ?? folder, tensor: example ?? "", other: other)
  }

  /// All widths that experts have, ascending.
  var widths: [Int] {
    Set(experts.values.flatMap { $0.others.keys }).sorted()
  }

  /// The widths of experts in a layer where none is of the width that is measured, ascending.
  func otherWidths(inLayer index: Int) -> [Int] {
    guard let found = experts[index], found.numbers.isEmpty else { return [] }
    return found.others.keys.sorted()
  }

  /// What is wrong where there are experts, but none in any layer is called as the family calls
  /// them; nil where some are, or where there are no experts at all.
  private func findStrangeNames() -> CheckpointError? {
    let isKnown = census.layers.values.contains { layer in
      (layer.stem.hasSuffix("layers.") || layer.isForPrediction)
        && catalogue.layouts(of: family).contains { block, layout in
          !layer.entries.experts(in: block, layout: layout).isEmpty
        }
    }
    guard !isKnown, let example = census.example else { return nil }
    return .strangeNames(path: folder, family: family.id, tensor: example)
  }

  /// What is otherwise than config.json says, each in a sentence without a full stop.
  func remarks(on outline: ModelOutline) -> [String] {
    let measured = experts.keys.filter { holdsMeasured($0) }.sorted()
    // The number of experts, and the one that config.json gives.
    let counted = Dictionary(grouping: measured) { layer in
      let found = experts(ofLayer: layer)
      return [found.count, found.configuredCount]
    }
    let counts = counted.filter { $0.key[0] != $0.key[1] }
      .sorted { $0.value[0] < $1.value[0] }
      .map { numbers, layers in
        "\(layersText(layers)): \(numbers[0]) \(numbers[0] == 1 ? "expert" : "experts") by the router and the tensors, where the config says \(numbers[1])"
      }
    let dense = outline.moeLayers.filter(isDense)
    let unshared = measured.filter(lacksShared)
    return counts
      + (unshared.isEmpty
        ? [] : ["\(layersText(unshared)): no shared expert, where the config says one"])
      + (dense.isEmpty
        ? [] : ["\(layersText(dense)): an ordinary MLP, where the config says experts"])
      + (projections.contains(.gate)
        ? [] : ["experts have no gate projection: up and down alone are measured"])
  }

  /// Scales that stand beside experts' weights of plain numbers; nil where there are none.
  ///
  /// - Complexity: O(experts)
  func strayScales(in layers: [MoELayer]) -> CheckpointRemark? {
    let endings = catalogue.endings.filter { $0.part == .scales }.map(\.name)
    var count = 0
    var examples: [String] = []
    for layer in layers {
      let found = experts(ofLayer: layer.index)
      for (projection, weights) in layer.experts {
        guard let stored = found.layout[projection],
          weights.contains(where: { (try? $0.get().isPacked) == false })
        else { continue }
        let plain = nameInLayer(stored.tensor, block: found.block)
        for name in Set(endings.compactMap { $0.name(of: plain) }) {
          guard let entry = census.companions[found.layerStart]?.entries[name] else { continue }
          count += entry.numbers?.count ?? 1
          examples.append(entry.example)
        }
      }
    }
    return examples.min().map { .strayScales(count: count, first: $0) }
  }

  /// Whether a layer that should have experts has an ordinary MLP in their stead.
  func isDense(_ index: Int) -> Bool {
    let start = layerStart(of: index)
    let names = ["up_proj", "down_proj", "gate_up_proj", "w1", "w2", "fc1"].map { "\($0).weight" }
    let blocks = catalogue.blocks(of: family)
    return census.layers[start] == nil
      && !blocks.contains { block in
        family.router.contains { files[start + nameInLayer($0, block: block)] != nil }
      }
      && (blocks + ["mlp"]).contains { block in
        names.contains { files[start + nameInLayer($0, block: block)] != nil }
      }
  }

  /// The recipes of a layer's routed experts.
  func recipes(ofLayer index: Int, projection: Projection) -> [MoELayer.FoundWeight] {
    let found = experts(ofLayer: index)
    guard let stored = found.layout[projection] else { return [] }
    return recipes(of: projection, stored: stored, among: found, isFactored: false)
  }

  /// The ordinary names of the routed experts' weights of a layer, factored or not; of experts in
  /// one tensor, names that go by the projection, which the parts beside unique ones have.
  func expertWeightNames(ofLayer index: Int, projection: Projection) -> [String] {
    let found = experts(ofLayer: index)
    guard let stored = catalogue.plain(found.layout)[projection] else { return [] }
    let pattern = stored.isStacked ? "experts.{E}.\(projection.rawValue)" : stored.tensor
    return found.numbers.map { found.name(pattern.replacing("{E}", with: "\($0)")) }
  }

  /// How the files spell, or would spell, the ordinary name of a weight that may be factored.
  func storedWeightName(_ weight: String) -> String {
    let unique = FactoredExpertNames(weight: weight).unique
    guard files[weight] == nil, let found = files[unique] else { return files.storedName(weight) }
    let ending = ".unique"
    return String(found.tensor.name.dropLast(ending.count))
      + weight.dropFirst(unique.count - ending.count)
  }

  func missing(_ name: String) -> CheckpointError {
    let stored = files.storedName(name)
    if let index = files.indexName, let file = files.unlistedFile(of: name) {
      return .unlistedTensor(path: "\(folder)/\(file)", tensor: stored, index: index)
    }
    if let inner = files[name.replacing(/\.weight$/, with: ".base_layer.weight")] {
      return .missingTensor(
        path: inner.file.path, tensor: stored,
        reason: "'\(inner.tensor.name)' stands in its place, beside an adapter that is not merged")
    }
    if let unique = files[FactoredExpertNames(weight: name).unique] {
      return .strayFactor(path: unique.file.path, tensor: unique.tensor.name)
    }
    if let strangeNames { return strangeNames }
    let skipped = files.skipped[stored]
    if skipped == nil, let layer = furtherStarts.first(where: { name.hasPrefix($0.value) })?.key {
      return .incompleteFurtherLayer(path: folder, layer: layer, tensor: stored)
    }
    return .missingTensor(path: skipped?.path ?? folder, tensor: stored, reason: skipped?.reason)
  }

  /// What the names of layers past the decoder's start with, by the number that they go by: their
  /// own, or, behind a word such as `mtp`, the number of the decoder's layers more than that.
  private func furtherLayers() -> [Int: String] {
    let known = census.layers.filter { _, layer in
      catalogue.layouts(of: family).contains { block, layout in
        !layer.entries.experts(in: block, layout: layout).isEmpty
      }
    }
    var starts: [Int: String] = [:]
    for (start, layer) in known
    where layer.stem == "\(prefix)layers." && layer.number >= layerCount {
      starts[layer.number] = start
    }
    for (start, layer) in known.sorted(by: { $0.key < $1.key }) where layer.isForPrediction {
      let (number, overflows) = layerCount.addingReportingOverflow(layer.number)
      if !overflows, starts[number] == nil { starts[number] = start }
    }
    return starts
  }
}
