internal import Experts
package import Findings
internal import Pictures

/// What a run shows of the paper's findings: a conclusion for each, with the numbers behind it.
///
/// A conclusion claims no more than its numbers bear: how far they are from chance and in how many
/// places, not why.
package struct FindingSentences {
  private let units: SummarisedUnits
  /// Whether an expert's activation ratios are of the tokens routed to it alone.
  private let usesRouted: Bool

  /// Takes the numbers of a run, and what they are of.
  package init(of units: SummarisedUnits, options: RunOptions) {
    self.units = units
    usesRouted = options[.routedOnly] == true
  }

  /// One for each finding that the run's tables can speak to.
  package var findings: [Finding] {
    [
      sharedSubspace(
        "Shared dominant subspace", of: "experts", summary: .summary, bands: .bandSummary),
      redundancy, routerBias, routerData, alwaysActive,
      gradients,
      tokenOrder, dataAlignment, routing, illSeparated,
    ].compactMap(\.self)
  }

  /// The same as plain text, a paragraph each.
  package var paragraphs: [String] { findings.map(\.paragraph) }

  private var gradients: Finding? {
    let topic = "Shared gradient subspace"
    if units.has(.leftOut.ofGradients), !units.has(.energy.ofGradients) {
      return Finding(
        topic,
        "nothing measured, for all gradients are zero or too small in rank, as where no backward pass has filled them",
        remark: "They are listed in gradient_left_out.csv.")
    }
    return sharedSubspace(
      topic, of: "gradients of experts", summary: .summary.ofGradients,
      bands: .bandSummary.ofGradients)
  }

  private func sharedSubspace(
    _ topic: String, of things: String, summary: TableDefinition, bands: TableDefinition
  ) -> Finding? {
    guard units.has(summary) || units.has(bands) else { return nil }
    let hidden = Summary.side(.hidden)
    let top =
      units.has(summary)
      ? Effect(
        value: mean(Summary.mean, summary, hidden), chance: mean(Summary.floor, summary, hidden))
      : Effect(
        value: mean(BandSummary.topMeanCosine, bands), chance: mean(BandSummary.floorTop, bands))
    let conclusion = top.conclusion(
      things, "share their leading directions", in: units.aboveChance(in: summary))
    guard units.has(bands) else {
      return Finding(
        topic, conclusion, numbers: ["similarity": text(top.value), "by chance": text(top.chance)])
    }
    let tail = Effect(
      value: mean(BandSummary.tailMeanCosine, bands), chance: mean(BandSummary.floorTail, bands))
    return Finding(
      topic, "\(conclusion)\(Self.words(ofTail: tail))",
      numbers: [
        "similarity": text(top.value), "by chance": text(top.chance),
        "in the tail": text(tail.value), "there by chance": text(tail.chance),
      ])
  }

  /// What is said of the tail; nothing where the leading directions are all that there is.
  private static func words(ofTail tail: Effect) -> String {
    guard tail.isKnown else { return "" }
    guard tail.isOverChance else { return "; in the tail not beyond chance" }
    return "; in the tail \(tail.strength)" + (tail.ratio.map { ", \($0) chance" } ?? "")
  }

  private var redundancy: Finding? {
    guard let pair = units.mostAlikePair else { return nil }
    let grouped = units.grouped
    return Finding(
      "Redundancy",
      grouped.count == 0
        ? "nothing found: no expert is in a group with others"
        : "counted in every layer and projection, \(grouped.count) of \(grouped.of) experts are in a group with others",
      numbers: ["most alike pair": text(pair.similarity), "by chance": text(pair.floor)],
      remark: "The most alike are \(pair.place)."
        + (grouped.count == 0 ? "" : " The groups are in groups.csv."))
  }

  private var routerBias: Finding? {
    guard units.has(.routerSummary) else { return nil }
    let own = mean(RouterSummary.matched, .routerSummary)
    let others = mean(RouterSummary.mismatched, .routerSummary)
    let floor = mean(RouterSummary.floor, .routerSummary)
    let conclusion = Effect(value: own, chance: floor).conclusion(
      "router rows", "lean on the leading directions of their own expert", isGraded: false,
      in: units.leaning)
    let comparison =
      switch own / others {
      case 1.1...: Effect(value: own, chance: others).ratio.map { ", \($0) as much as on" } ?? ""
      case 0.9..<1.1: ", about as much as on"
      case ..<0.9: ", less than on"
      default: ""
      }
    return Finding(
      "Router bias",
      conclusion + (comparison.isEmpty ? "" : "\(comparison) those of other experts"),
      numbers: [
        "own expert": text(own), "other experts": text(others), "by chance": text(floor),
      ])
  }

  private var routerData: Finding? {
    guard units.has(.routerData) else { return nil }
    let effect = Effect(
      value: units.routerDataMean(RouterData.absCosine, direction: 1),
      chance: units.routerDataMean(RouterData.floorAbsCosine, direction: 1))
    return Finding(
      "Router and data",
      effect.conclusion("router rows", "follow the first direction of their input", in: nil),
      numbers: ["mean |cosine|": text(effect.value), "by chance": text(effect.chance)])
  }

  private var alwaysActive: Finding? {
    guard units.has(.activationSummary) else { return nil }
    let top = mean(ActivationSummary.topRatio, .activationSummary)
    let tail = mean(ActivationSummary.tailRatio, .activationSummary)
    let floor = mean(ActivationSummary.floorRatio, .activationSummary)
    let conclusion = Effect(value: top, chance: floor).conclusion(
      "leading directions", "are active", isGraded: false, in: units.moreActive)
    let comparison = Effect(value: top, chance: tail).ratio.map { ", \($0) as often as the tail" }
    return Finding(
      "Active directions", conclusion + (comparison ?? ""),
      numbers: [
        "leading": text(top),
        "the first": text(mean(ActivationSummary.firstRatio, .activationSummary)),
        "in the tail": text(tail), "by chance": text(floor),
      ],
      remark: usesRouted ? "Of the tokens routed to the expert alone." : "")
  }

  private var tokenOrder: Finding? {
    guard units.has(.shuffle) else { return nil }
    let relative = Contrast(
      top: mean(Shuffle.topRelative, .shuffle), tail: mean(Shuffle.tailRelative, .shuffle))
    let single = Contrast(
      top: mean(Shuffle.topPerDirection, .shuffle), tail: mean(Shuffle.tailPerDirection, .shuffle))
    let shuffling = "shuffling changes the input"
    return Finding(
      "Token order",
      relative.words == single.words
        ? "in the leading directions \(shuffling) \(relative.words) elsewhere, relative to its norm and per direction"
        : "mixed: in the leading directions \(shuffling) \(relative.words) elsewhere relative to its norm, and \(single.words) elsewhere per direction",
      numbers: [
        "relative": text(relative.top), "elsewhere": text(relative.tail),
        "per direction": text(single.top), "elsewhere per direction": text(single.tail),
      ])
  }

  /// What shuffling changes in the leading directions beside the others.
  private struct Contrast {
    let top, tail: Double

    var words: String {
      switch top / tail {
      case 1.05...: "more than"
      case ...(1 / 1.05): "less than"
      default: "about as much as"
      }
    }
  }

  private var dataAlignment: Finding? {
    guard units.has(.dataAlignment) else { return nil }
    let effect = Effect(
      value: mean(DataAlignment.meanCosine, .dataAlignment),
      chance: mean(DataAlignment.floorMeanCosine, .dataAlignment))
    return Finding(
      "Data alignment",
      effect.conclusion("sequences", "share their leading directions", in: nil),
      numbers: ["similarity": text(effect.value), "by chance": text(effect.chance)])
  }

  private var routing: Finding? {
    guard units.has(.routingSummary) else { return nil }
    let entropy = mean(RoutingSummary.loadEntropy, .routingSummary)
    let evenness =
      switch entropy {
      case 0.95...: "evenly"
      case 0.8...: "fairly evenly"
      default: "unevenly"
      }
    let shares = units.loadShares
    let idleCount = shares.count { $0 == 0 }
    let range =
      shares.max().map {
        "; the busiest has \(fixedText($0, places: 1)) times an even share, "
          + (idleCount == 0
            ? "the idlest \(fixedText(shares.min() ?? 0, places: 2)) times"
            : "and \(idleCount == 1 ? "one is" : "\(idleCount) are") never chosen")
      } ?? ""
    return Finding(
      "Routing", "experts are used \(evenness)\(range)",
      numbers: [
        "entropy of the load": text(entropy),
        "least load": text(
          units.numbers(RoutingSummary.leastLoad, of: .routingSummary).min() ?? .nan),
        "largest": text(units.numbers(RoutingSummary.mostLoad, of: .routingSummary).max() ?? .nan),
      ])
  }

  private var illSeparated: Finding? {
    let flagged = units.flagged
    guard flagged.count > 0 else { return nil }
    return Finding(
      "Ill-separated subspaces",
      "\(flagged.count) of \(flagged.of) leading subspaces are hardly defined in their last direction, with a gap under 1.001",
      remark: "See the flag in energy.csv.")
  }

  private func mean(
    _ column: Column<Double>, _ table: TableDefinition, _ cells: Table.NamedCell...
  ) -> Double {
    plainMean(units.numbers(column, of: table, where: cells))
  }

  private func text(_ value: Double) -> String { value.isNaN ? "-" : fixedText(value, places: 3) }
}
