import Experts
import Tensors

/// Tensors that are weights of experts by their names or shapes, but are not measured, and why.
public struct UnmeasuredExperts: Sendable, Hashable {
  /// Why tensors are not measured.
  public enum Reason: Sendable, Hashable {
    /// They are of a layer past those that config.json counts, as layers for multi-token prediction
    /// are; it is measured where it is asked for.
    case pastLayers(layerCount: Int)
    /// They are of experts past those that the layer has by its router or config.json.
    case pastCount(Int)
    /// They are of experts of another width than those that are measured, in the decoder's layers
    /// or past them.
    case otherWidth(Int, measured: Int, isPastLayers: Bool)
    /// They are of shared experts, of which config.json does not say how wide they are.
    case noSharedWidth(keys: [String])
    /// Their layer has no experts by config.json.
    case denseLayer
    /// The family has no experts of such names.
    case otherName(family: String)
    /// They belong to no layer that the family knows.
    case outside

    /// The reason in one word, for programs.
    public var word: String {
      switch self {
      case .pastLayers: "past_layers"
      case .pastCount: "past_count"
      case .otherWidth: "other_width"
      case .noSharedWidth: "no_shared_width"
      case .denseLayer: "dense_layer"
      case .otherName: "other_name"
      case .outside: "outside"
      }
    }
  }

  /// Why they are not measured.
  public let reason: Reason
  /// The layers, ascending, by the numbers that `--layers` takes; empty for tensors outside.
  public let layers: [Int]
  /// The numbers of the experts; empty where tensors hold many experts.
  public let experts: [Int]
  /// How many tensors there are.
  public let tensorCount: Int
  /// One of them.
  public let example: String
  /// What stands against measuring them where a layer past the decoder's is asked for; nil where
  /// nothing does.
  public let obstacle: String?

  /// All of it in one sentence without a full stop.
  public var text: String {
    let many =
      experts.isEmpty
      ? "" : " of \(experts.count == 1 ? "expert" : "experts") \(rangesText(experts))"
    let tensors = "\(tensorCount) \(tensorCount == 1 ? "tensor" : "tensors")\(many)"
    let place = layers.isEmpty ? tensors : "\(layersText(layers)): \(tensors)"
    let hindrance = obstacle.map { "; cannot be measured: \($0)" } ?? ""
    return "\(place)\(cause), such as '\(example)'\(hindrance)"
  }

  private var cause: String {
    switch reason {
    case .pastLayers(let count): ", past num_hidden_layers (\(count))"
    case .pastCount(let count): ", past the \(count) experts of the layer"
    case .otherWidth(let width, let measured, _):
      " of width \(width), where those of width \(measured) are measured"
    case .noSharedWidth(let keys):
      ", of a shared expert without a width in the config (\(keys.joined(separator: " x ")))"
    case .denseLayer: ", in a layer without experts by the config"
    case .otherName(let family): ", of a name that the family \(family) does not have"
    case .outside: " outside the layers of the model"
    }
  }

  /// The option of `sdmoe analyze` that measures them; nil where none does.
  public var option: String? {
    guard obstacle == nil else { return nil }
    switch reason {
    case .pastLayers: return "--mtp or --layers \(rangesText(layers))"
    case .otherWidth(let width, _, isPastLayers: true):
      return "--expert-width \(width) --layers \(rangesText(layers))"
    case .otherWidth(let width, _, isPastLayers: false): return "--expert-width \(width)"
    default: return nil
    }
  }
}

/// Layers in words: `layer 3`, or `layers 3-5,7`.
public func layersText(_ layers: [Int]) -> String {
  "\(layers.count == 1 ? "layer" : "layers") \(rangesText(layers))"
}

extension LayerSurvey {
  /// All experts' tensors of the checkpoint that are not measured, in the order of layers.
  ///
  /// - Parameters:
  ///   - measured: The layers that are; of the decoder's layers those are passed over that have
  ///     experts and are only not asked for.
  ///   - moeLayers: The decoder's layers that can be measured.
  /// - Returns: Tensors put together by reason, and of the same experts also over layers.
  /// - Complexity: O(tensors of experts)
  func unmeasured(measuring measured: Set<Int>, moeLayers: Set<Int>) -> [UnmeasuredExperts] {
    var tally = Tally()
    let numbers = Dictionary(
      experts.keys.map { (layerStart(of: $0), $0) }, uniquingKeysWith: { first, _ in first })
    let obstacles = obstaclesPastLayers
    let named = Set(
      catalogue.tensorNames(of: family).flatMap { ($0.layer ?? [:]).values.flatMap(\.self) })
    for (start, layer) in census.layers {
      let isOfDecoder = layer.stem == "\(prefix)layers."
      let number = numbers[start] ?? (isOfDecoder ? layer.number : nil)
      let ours = numbers[start].flatMap { experts[$0] }
      for (pattern, entry) in layer.entries {
        func enter(
          _ numbers: [Int]?, _ reason: UnmeasuredExperts.Reason, obstacle: String? = nil
        ) {
          tally.enter(
            reason, layer: number, name: start + pattern, experts: numbers, obstacle: obstacle)
        }
        // What the family has as another part of a layer is none of its experts.
        if let numbers = entry.numbers,
          numbers.allSatisfy({ named.contains(pattern.replacing("{E}", with: "\($0)")) })
        {
          continue
        }
        guard let number, let ours else {
          let isDense = number.map { $0 < layerCount } == true && isKnown(pattern)
          enter(
            entry.numbers,
            isDense ? .denseLayer : number == nil ? .outside : .otherName(family: family.id))
          continue
        }
        guard ours.names.contains(pattern) else {
          enter(entry.numbers, reason(ofUnnamed: entry, pattern))
          continue
        }
        let isPassedOver = !measured.contains(number) && !moeLayers.contains(number)
        guard let experts = entry.numbers else {
          if isPassedOver {
            enter(nil, .pastLayers(layerCount: layerCount), obstacle: obstacles[number])
          }
          continue
        }
        var rest = Set(experts)
        for (width, others) in ours.others {
          enter(
            others.filter(rest.contains),
            .otherWidth(width, measured: expertWidth, isPastLayers: number >= layerCount),
            obstacle: obstacles[number])
          rest.subtract(others)
        }
        let known = rest.intersection(ours.numbers)
        if isPassedOver {
          enter(
            known.sorted(), .pastLayers(layerCount: layerCount), obstacle: obstacles[number])
        }
        // Experts whose numbers are wrong are told as that.
        guard ours.otherNumbers == nil else { continue }
        enter(rest.subtracting(known).sorted(), .pastCount(ours.count))
      }
    }
    for (name, entry) in census.outside {
      tally.enter(.outside, layer: nil, name: name, experts: entry.numbers)
    }
    enterShared(into: &tally, numbers: numbers)
    return tally.groups
  }

  /// What stands against measuring a layer past the decoder's, by its number.
  private var obstaclesPastLayers: [Int: String] {
    var obstacles: [Int: String] = [:]
    for number in furtherStarts.keys {
      switch layer(number).problems.first {
      case nil: continue
      case .incompleteFurtherLayer(_, _, let tensor): obstacles[number] = "there is no '\(tensor)'"
      case let problem?: obstacles[number] = "\(problem)"
      }
    }
    return obstacles
  }

  /// Enters the shared experts that are not measured with their layer.
  private func enterShared(into tally: inout Tally, numbers: [String: Int]) {
    var known: Set<String> = []
    for (number, found) in experts {
      for projection in projections {
        guard let (name, _) = sharedWeight(of: projection, among: found) else { continue }
        let stored = files.packed(name).map { files.plainName($0.values.tensor.name) }
        guard !stored.isEmpty else { continue }
        known.formUnion(stored)
        guard sharedWidth == nil else { continue }
        tally.enter(
          .noSharedWidth(keys: family.shared?.width ?? []), layer: number, name: name,
          experts: nil)
      }
    }
    for (start, layer) in census.shared {
      let isOfDecoder = layer.stem == "\(prefix)layers."
      let number = numbers[start] ?? (isOfDecoder ? layer.number : nil)
      for pattern in layer.entries.keys where !known.contains(start + pattern) {
        tally.enter(
          number == nil ? .outside : .otherName(family: family.id), layer: number,
          name: start + pattern, experts: nil)
      }
    }
  }

  /// Why a tensor of experts in a layer that has others is not measured: a width of its own, where
  /// the family has such experts in a place of theirs.
  private func reason(
    ofUnnamed entry: ExpertCensus.Entry, _ pattern: String
  ) -> UnmeasuredExperts.Reason {
    let other = catalogue.layouts(of: family).lazy.compactMap { block, layout -> Int? in
      let projection = Projection.allCases.first { projection in
        layout[projection]?.names.contains { nameInLayer($0, block: block) == pattern } == true
      }
      guard let projection, let stored = layout[projection], !stored.isFlat,
        let shape = files[entry.example]?.tensor.shape
      else { return nil }
      let matrix = stored.isStacked ? Array(shape.dropFirst()) : shape
      guard matrix.count == 2 else { return nil }
      let outputs = matrix[stored.isTransposed ? 1 : 0] / (stored.part == nil ? 1 : 2)
      return projection == .down ? matrix[stored.isTransposed ? 0 : 1] : outputs
    }.first
    guard let other, other != expertWidth else { return .otherName(family: family.id) }
    return .otherWidth(other, measured: expertWidth, isPastLayers: false)
  }

  private func isKnown(_ pattern: String) -> Bool {
    catalogue.layouts(of: family).contains { block, layout in
      [String: ExpertCensus.Entry].names(in: block, layout: layout).contains(pattern)
    }
  }
}

/// What is not measured, put together by reason, layer by layer.
private struct Tally {
  /// What one layer has of a kind.
  private struct Share {
    var experts: Set<Int> = []
    var tensorCount = 0
    var example = ""
  }

  private struct Kind: Hashable {
    let reason: UnmeasuredExperts.Reason
    let isStacked: Bool
    let obstacle: String?
  }

  private var shares: [Kind: [Int?: Share]] = [:]

  /// Enters the tensors of one name; of experts of their own, or none where one holds many.
  mutating func enter(
    _ reason: UnmeasuredExperts.Reason, layer: Int?, name: String, experts: [Int]?,
    obstacle: String? = nil
  ) {
    if experts?.isEmpty == true { return }
    let least = experts?.min().map { name.replacing("{E}", with: "\($0)") } ?? name
    let kind = Kind(reason: reason, isStacked: experts == nil, obstacle: obstacle)
    var share = shares[kind]?[layer] ?? Share()
    share.experts.formUnion(experts ?? [])
    share.tensorCount += experts?.count ?? 1
    share.example = share.example.isEmpty ? least : min(share.example, least)
    shares[kind, default: [:]][layer] = share
  }

  /// Layers with the same experts as one, in the order of layers.
  var groups: [UnmeasuredExperts] {
    shares.flatMap { kind, shares in
      Dictionary(grouping: shares) { $0.value.experts }.map { experts, parts in
        UnmeasuredExperts(
          reason: kind.reason, layers: parts.compactMap(\.key).sorted(), experts: experts.sorted(),
          tensorCount: parts.reduce(0) { $0 + $1.value.tensorCount },
          example: parts.map(\.value.example).min() ?? "", obstacle: kind.obstacle)
      }
    }
    .sorted { ($0.layers.first ?? .max, $0.example) < ($1.layers.first ?? .max, $1.example) }
  }
}
