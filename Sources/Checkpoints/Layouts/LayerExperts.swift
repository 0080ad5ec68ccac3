import Experts
import Tensors

/// Where the routed experts of a layer lie, and which of them are measured.
struct LayerExperts: Sendable {
  /// What the names of all tensors of the layer start with.
  let layerStart: String
  /// The name of the MoE block inside the layer.
  let block: String
  /// How the experts' weights are stored.
  let layout: ExpertLayout
  /// N: how many experts the layer has, by its router and tensors where config.json says otherwise.
  let count: Int
  /// How many config.json says.
  let configuredCount: Int
  /// The experts that are measured, ascending: all, or those of one width.
  let numbers: [Int]
  /// The numbers in the names where there are as many experts as the layer has, but not from 0 on.
  ///
  /// Which row of the router each belongs to is not known. Nil where all is well.
  let otherNumbers: [Int]?
  /// The experts of other widths, by width.
  let others: [Int: [Int]]
  /// The name of the router of the experts that are measured.
  let router: String
  /// The number of the expert that the router's first row is of.
  let firstRouterRow: Int

  /// Another tensor of experts, where the layer holds them in two layouts; nil where all is well.
  let otherLayout: String?

  /// What the names of all tensors of the layer's MoE block start with.
  var start: String { block.isEmpty ? layerStart : "\(layerStart)\(block)." }

  /// The whole name of a tensor of the block.
  func name(_ inside: String) -> String { layerStart + nameInLayer(inside, block: block) }

  /// The names of the experts' weights inside the layer, packed, factored or neither.
  var names: [String] { [String: ExpertCensus.Entry].names(in: block, layout: layout) }
}

extension LayerSurvey {
  /// Finds out which experts a layer has.
  ///
  /// The number is that of config.json where the tensors agree with it; otherwise the router's rows
  /// tell, as in checkpoints that were pruned.
  ///
  /// - Parameters:
  ///   - index: The layer.
  ///   - count: How many experts config.json gives to it.
  ///   - width: The width of those that are measured; nil for any.
  /// - Returns: The experts, none of them where all are of other widths.
  /// - Complexity: O(experts)
  func experts(ofLayer index: Int, configuredCount count: Int, width: Int?) -> LayerExperts {
    let layerStart = layerStart(of: index)
    let entries = census.entries(ofLayer: layerStart)
    let candidates = catalogue.layouts(of: family)
    // The layout may change from layer to layer.
    let named = candidates.filter { !entries.experts(in: $0, layout: $1).isEmpty }
    let fitting = named.filter { fits($0, $1, entries, layerStart, width: width) }
    let (block, layout) = fitting.first ?? named.first ?? candidates[0]
    let example = entries.experts(in: block, layout: layout).first?.example
    let otherLayout = fitting.lazy.compactMap { entries.experts(in: $0, layout: $1).first?.example }
      .first { $0 != example }
    func name(_ inside: String) -> String { layerStart + nameInLayer(inside, block: block) }
    let stored = entries.experts(in: block, layout: layout)
    let last = stored.map(\.count).max() ?? 0
    let routers = family.router.map(name)
    let router = routers.first { files[$0] != nil } ?? routers[0]
    let present = Set(stored.flatMap { $0.numbers ?? [] }).sorted()
    let isWhole = last == count && (present.isEmpty || present.count == count)
    let rows = isWhole ? nil : routerRows(router)
    let total = rows ?? count
    let widths =
      width == nil
      ? [:] : widths(of: layout, block: block, layerStart: layerStart, experts: present)
    let others = widths.filter { $0.key != width }
    let strangers = Set(others.values.flatMap(\.self))
    let otherNumbers = present.count == total && last > total ? present : nil
    // A second kind of experts, past those that config.json and the first router speak of.
    if let width, let ours = widths[width], let first = ours.first, first >= total,
      otherNumbers == nil
    {
      let second = (family.otherRouters ?? []).map(name).first { files[$0] != nil }
      return LayerExperts(
        layerStart: layerStart, block: block, layout: layout, count: ours.count,
        configuredCount: ours.count, numbers: ours, otherNumbers: nil, others: others,
        router: second ?? router, firstRouterRow: first, otherLayout: otherLayout)
    }
    return LayerExperts(
      layerStart: layerStart, block: block, layout: layout, count: total, configuredCount: count,
      numbers: (0..<total).filter { !strangers.contains($0) }, otherNumbers: otherNumbers,
      others: others, router: router, firstRouterRow: 0, otherLayout: otherLayout)
  }

  /// Whether the first expert of a layer can be read in a layout, in all of its projections.
  private func fits(
    _ block: String, _ layout: ExpertLayout, _ entries: [String: ExpertCensus.Entry],
    _ layerStart: String, width: Int?
  ) -> Bool {
    // Of experts of any width, names are all that can be looked at.
    guard width != nil else { return true }
    return projections.allSatisfy { projection in
      guard let stored = layout[projection] else { return false }
      let names = stored.names.map { nameInLayer($0, block: block) }
      guard let entry = names.lazy.compactMap({ entries[$0] }).first else { return false }
      let expert = entry.numbers?.min() ?? 0
      let name =
        layerStart
        + nameInLayer(stored.tensor.replacing("{E}", with: "\(expert)"), block: block)
      let unique = FactoredExpertNames.unique(of: name)
      let isFactored = files[unique] != nil
      if isFactored, !stored.isStacked { return true }
      let count = stored.isFlat ? entry.count / max(1, rows(of: projection, stored)) : entry.count
      let found = packed(
        isFactored ? unique : name, stored: stored,
        shape: projection.shape(hiddenSize: hiddenSize, width: expertWidth),
        stackOf: stored.isStacked ? count : nil)
      return (try? found.get()) != nil
    }
  }

  /// The number of rows that one expert's matrix has where it is stored.
  private func rows(of projection: Projection, _ stored: StoredProjection) -> Int {
    let shape = projection.shape(hiddenSize: hiddenSize, width: expertWidth)
    return stored.isTransposed ? shape[1] : shape[0] * (stored.part == nil ? 1 : 2)
  }

  /// The router of the experts that are measured: its first rows, where there are others.
  func router(among found: LayerExperts) -> MoELayer.FoundWeight {
    let rows = found.count + otherRouterRows
    let isTransposed = isTransposedRouter(found.router, rows: rows)
    return weight(
      found.router, shape: isTransposed ? [hiddenSize, rows] : [rows, hiddenSize],
      isTransposed: isTransposed, firstRows: otherRouterRows == 0 ? nil : found.count)
  }

  /// Whether a router is stored with the hidden size before the experts: where the family's are and
  /// its shape is not that of others.
  private func isTransposedRouter(_ name: String, rows: Int) -> Bool {
    family.routerIsTransposed == true
      && (rows == hiddenSize || files[name]?.tensor.shape != [rows, hiddenSize])
  }

  /// How many experts a router chooses among; nil where there is none of a shape that fits.
  private func routerRows(_ name: String) -> Int? {
    guard let shape = files[name]?.tensor.shape, shape.count == 2 else { return nil }
    let isTransposed = family.routerIsTransposed == true && shape[0] == hiddenSize
    let (rows, columns) = isTransposed ? (shape[1], shape[0]) : (shape[0], shape[1])
    let count = rows - otherRouterRows
    return columns == hiddenSize && (1...1_000_000).contains(count) ? count : nil
  }

  /// The experts that have a width in all their projections, by width.
  ///
  /// A single tensor of another shape is no other width, but damage, and is told as that.
  private func widths(
    of layout: ExpertLayout, block: String, layerStart: String, experts: [Int]
  ) -> [Int: [Int]] {
    let stored = projections.compactMap { projection in layout[projection].map { (projection, $0) }
    }
    guard stored.allSatisfy({ !$1.isStacked && $1.part == nil }) else {
      return [:]
    }
    // Of plain tensors and factored ones; of packed ones, shapes tell no width.
    let tensors = stored.map { projection, stored in
      (
        projection,
        [stored.tensor, FactoredExpertNames.unique(of: stored.tensor)].map {
          census.places(ofLayer: layerStart, named: nameInLayer($0, block: block))
        }
      )
    }
    var found: [Int: [Int]] = [:]
    for expert in experts {
      let widths = tensors.map { projection, places -> Int? in
        guard let place = places.lazy.compactMap({ $0[expert] }).first else { return nil }
        let shape = files.tensor(at: place).shape
        guard shape.count == 2 else { return nil }
        let (width, hidden) = projection == .down ? (shape[1], shape[0]) : (shape[0], shape[1])
        return hidden == hiddenSize && width > 0 ? width : nil
      }
      guard let width = widths[0], widths.allSatisfy({ $0 == width }) else { continue }
      found[width, default: []].append(expert)
    }
    return found
  }
}
