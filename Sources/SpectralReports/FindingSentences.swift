package import Findings

/// What a run shows of the paper's findings, in plain sentences with the number and its floor.
///
/// A sentence claims no more than its numbers bear: it says how far they are from chance, not why.
package struct FindingSentences {
  private let units: SummarisedUnits
  /// Whether an expert's activation ratios are of the tokens routed to it alone.
  private let usesRouted: Bool

  /// Takes the numbers of a run, and what they are of.
  package init(of units: SummarisedUnits, options: RunManifest.Options) {
    self.units = units
    usesRouted = options.routedOnly == true
  }

  /// One paragraph for each finding that the run's tables can speak to.
  package var paragraphs: [String] {
    [
      sharedSubspace, redundancy, routerBias, routerData, alwaysActive, sharedGradients,
      tokenOrder, dataAlignment, routing, illSeparated,
    ].compactMap(\.self)
  }

  private var sharedSubspace: String? {
    guard units.has(.summary) else { return units.has(.bandSummary) ? bands(.bandSummary) : nil }
    let above = units.aboveChance(in: .summary)
    let tail = units.has(.bandSummary) ? " " + tailSentence(.bandSummary) : ""
    return
      "Shared dominant subspace: the top directions of two experts have a mean similarity of \(number("mean", .summary, hidden)), by chance \(number("floor", .summary, hidden)); over the 95th percentile of chance in \(above.count) of \(above.of) layers and projections.\(tail)"
  }

  private func bands(_ table: TableDefinition) -> String {
    "Shared dominant subspace: the top directions of two experts have a mean similarity of \(number("top_mean_cosine", table)), by chance \(number("floor_top", table)). \(tailSentence(table))"
  }

  private func tailSentence(_ table: TableDefinition) -> String {
    "In the tail it is \(number("tail_mean_cosine", table)), by chance \(number("floor_tail", table))."
  }

  private var redundancy: String? {
    guard let pair = units.mostAlikePair else { return nil }
    let grouped = units.grouped
    let groups =
      grouped.count == 0
      ? "No expert is in a group with others."
      : "Counted in every layer and projection, \(grouped.count) of \(grouped.of) experts are in a group with others, see groups.csv."
    return
      "Redundancy: the most alike are \(pair.place), with \(text(pair.similarity)), by chance \(text(pair.floor)). \(groups)"
  }

  private var routerBias: String? {
    guard units.has(.routerSummary) else { return nil }
    let leaning = units.leaning
    return
      "Router bias: \(number("matched", .routerSummary)) of a router row lies in the top directions of its own expert, \(number("mismatched", .routerSummary)) in those of another, by chance \(number("floor", .routerSummary)); its own is over chance by two standard deviations in \(leaning.count) of \(leaning.of) layers and projections."
  }

  private var routerData: String? {
    guard units.has(.routerData) else { return nil }
    return
      "Router and data: a router row and the first direction of its input have a mean |cosine| of \(text(units.routerDataMean("abs_cosine", direction: 1))), by chance \(text(units.routerDataMean("floor_abs_cosine", direction: 1)))."
  }

  private var alwaysActive: String? {
    guard units.has(.activationSummary) else { return nil }
    return
      "Active directions: a top direction is active in \(number("top_ratio", .activationSummary)) of the tokens\(usesRouted ? " routed to its expert" : ""), the first one in \(number("first_ratio", .activationSummary)), one of the tail in \(number("tail_ratio", .activationSummary)), an isotropic one in \(number("floor_ratio", .activationSummary))."
  }

  private var sharedGradients: String? {
    let summary = TableDefinition.summary.ofGradients
    guard units.has(summary) else { return nil }
    let above = units.aboveChance(in: summary)
    return
      "Shared gradient subspace: the top directions of two experts' gradients have a mean similarity of \(number("mean", summary, hidden)), by chance \(number("floor", summary, hidden)); over the 95th percentile of chance in \(above.count) of \(above.of) layers and projections. \(tailSentence(.bandSummary.ofGradients))"
  }

  private var tokenOrder: String? {
    guard units.has(.shuffle) else { return nil }
    return
      "Token order: after shuffling, the input changes by \(number("top_relative", .shuffle)) of its norm in the top directions and by \(number("tail_relative", .shuffle)) elsewhere; per direction by \(number("top_per_direction", .shuffle)) and \(number("tail_per_direction", .shuffle))."
  }

  private var dataAlignment: String? {
    guard units.has(.dataAlignment) else { return nil }
    return
      "Data alignment: the top directions of two sequences have a mean similarity of \(number("mean_cosine", .dataAlignment)), by chance \(number("floor_mean_cosine", .dataAlignment))."
  }

  private var routing: String? {
    guard units.has(.routingSummary) else { return nil }
    let least = units.numbers("least_load", of: .routingSummary).min() ?? .nan
    let most = units.numbers("most_load", of: .routingSummary).max() ?? .nan
    return
      "Routing: the entropy of the load is \(number("load_entropy", .routingSummary)) of an even one; loads of single experts range from \(text(least)) to \(text(most))."
  }

  private var illSeparated: String? {
    let flagged = units.flagged
    guard flagged.count > 0 else { return nil }
    return
      "\(flagged.count) of \(flagged.of) top subspaces are ill-separated (gap under 1.001): their last direction is hardly defined, see the flag in energy.csv."
  }

  private let hidden = ["side": "hidden"]

  private func number(
    _ column: String, _ table: TableDefinition, _ words: [String: String] = [:]
  ) -> String {
    text(units.mean(column, of: table, where: words))
  }

  private func text(_ value: Double) -> String { value.isNaN ? "-" : fixedText(value, places: 3) }
}
