import Experts
import Findings
import SpectralReports
import Testing

/// Checks that conclusions claim what their numbers bear, and no more.
@Suite struct FindingSentencesTests {
  private func findings(_ tables: Table...) -> [Finding] {
    let options = RunOptions(
      analyses: ["similarity"], fraction: 0.01, layers: [0], projections: [.gate])
    return FindingSentences(of: SummarisedUnits(tables: tables), options: options).findings
  }

  /// Means of similarities, a layer each, beside a floor of 0.1 where no others are given.
  private func summary(
    _ means: [Double], _ definition: TableDefinition = .summary, floors: [Double]? = nil
  ) -> Table {
    var table = Table(definition)
    for (layer, mean) in means.enumerated() {
      table.append(
        Summary.layer(layer), Summary.projection(.gate), Summary.side(.hidden), Summary.pairs(15),
        Summary.mean(mean), Summary.min(mean), Summary.q1(mean), Summary.median(mean),
        Summary.q3(mean), Summary.max(mean), Summary.floor(floors?[layer] ?? 0.1), Summary.excess(0)
      )
    }
    return table
  }

  /// Random pairs whose mean is 0.1, and others of which it is 0.02.
  private var floors: Table {
    var table = Table(.floors)
    for (size, mean, p95) in [(128, 0.1, 0.17), (4096, 0.02, 0.03)] {
      table.append(
        Floors.n(size), Floors.k(2), Floors.measure(.meanCosine), Floors.mean(mean),
        Floors.sd(0.04), Floors.p95(p95))
    }
    return table
  }

  @Test(
    "experts share directions where all, none or some means are over the 95th percentile",
    arguments: [
      (
        [0.4, 0.5],
        "experts moderately share their leading directions, 4.5 times chance, in 2 of 2 layers and projections"
      ),
      (
        [0.16, 0.12],
        "nothing found: experts share their leading directions beyond chance in none of 2 layers and projections"
      ),
      (
        [0.6, 0.12, 0.6],
        "mixed: experts share their leading directions beyond chance in 2 of 3 layers and projections"
      ),
      (
        [0.9],
        "experts strongly share their leading directions, 9.0 times chance, in 1 of 1 layer and projection"
      ),
    ])
  func sharing(means: [Double], conclusion: String) {
    #expect(findings(summary(means), floors).map(\.conclusion) == [conclusion])
  }

  @Test(
    "experts that are never chosen are counted",
    arguments: [
      (0, "the idlest 0.50 times"), (1, "and one is never chosen"), (3, "and 3 are never chosen"),
    ])
  func idleExperts(count: Int, words: String) throws {
    var summary = Table(.routingSummary)
    summary.append(
      RoutingSummary.layer(3), RoutingSummary.tokens(100), RoutingSummary.expertsPerToken(2),
      RoutingSummary.loadEntropy(0.7), RoutingSummary.leastLoad(0), RoutingSummary.mostLoad(0.5))
    let load = { place in place < count ? 0 : place == 3 ? 0.125 : 0.25 }
    let routing = TestTables.routing(experts: ["0", "1", "2", "3"], load: load)
    let finding = try #require(findings(summary, routing).first { $0.topic == "Routing" })
    #expect(finding.conclusion.hasSuffix(words), "\(finding.conclusion)")
  }

  @Test("a layer without a number is not counted, and gives no other its own floor")
  func withoutNumber() {
    #expect(
      findings(summary([.nan, 0.12, 0.6], floors: [0.02, 0.1, 0.1]), floors).map(\.conclusion) == [
        "mixed: experts share their leading directions beyond chance in 1 of 2 layers and projections"
      ])
  }

  @Test("without percentiles the mean tells, and no place is counted")
  func withoutFloors() {
    #expect(
      findings(summary([0.4])).map(\.conclusion)
        == ["experts moderately share their leading directions, 4.0 times chance"])
    #expect(
      findings(summary([0.1])).map(\.conclusion)
        == ["nothing found: experts share their leading directions no more than by chance"])
    #expect(
      findings(summary([.nan])).map(\.conclusion)
        == ["nothing can be said of how experts share their leading directions"])
  }

  @Test(
    "the strength is told by how far the mean is on the way from chance to 1",
    arguments: [
      (0.144, "hardly"), (0.146, "weakly"), (0.279, "weakly"), (0.281, "moderately"),
      (0.549, "moderately"), (0.551, "strongly"), (1, "strongly"),
    ])
  func strength(mean: Double, word: String) {
    #expect(findings(summary([mean]))[0].conclusion.hasPrefix("experts \(word) share"))
  }

  @Test("gradients and the tail are told by the same rules")
  func tail() {
    var bands = Table(.bandSummary.ofGradients)
    bands.append(
      BandSummary.layer(0), BandSummary.projection(.gate), BandSummary.k(2),
      BandSummary.tailBands(9), BandSummary.topMeanCosine(0.4), BandSummary.tailMeanCosine(0.11),
      BandSummary.floorTop(0.1), BandSummary.floorTail(0.1), BandSummary.topEnergy(0.2))
    let found = findings(summary([0.4], .summary.ofGradients), bands, floors)
    #expect(
      found.map(\.paragraph) == [
        "Shared gradient subspace: gradients of experts moderately share their leading directions, 4.0 times chance, in 1 of 1 layer and projection; in the tail hardly, 1.1 times chance (similarity 0.400, by chance 0.100, in the tail 0.110, there by chance 0.100)."
      ])
    #expect(findings(bands)[0].conclusion.contains("; in the tail hardly, 1.1 times chance"))
  }

  @Test(
    "a router leans on its own expert beyond two standard deviations, and is compared with others",
    arguments: [
      (
        [0.192, 0.192], 0.048,
        "router rows lean on the leading directions of their own expert, 12 times chance, in 2 of 2 layers and projections, 4.0 times as much as on those of other experts"
      ),
      (
        [0.2, 0.02], 0.11,
        "mixed: router rows lean on the leading directions of their own expert beyond chance in 1 of 2 layers and projections, about as much as on those of other experts"
      ),
      (
        [0.02, 0.02], 0.05,
        "nothing found: router rows lean on the leading directions of their own expert beyond chance in none of 2 layers and projections, less than on those of other experts"
      ),
    ])
  func router(scores: [Double], others: Double, conclusion: String) {
    var table = Table(.routerSummary)
    for (layer, score) in scores.enumerated() {
      table.append(
        RouterSummary.layer(layer), RouterSummary.projection(.gate), RouterSummary.k(2),
        RouterSummary.matched(score), RouterSummary.mismatched(others),
        RouterSummary.specificity(1), RouterSummary.floor(0.016), RouterSummary.floorSD(0.004))
    }
    #expect(findings(table).map(\.conclusion) == [conclusion])
  }

  @Test("two readings of the order of tokens that disagree are told as mixed")
  func tokenOrder() {
    func shuffle(relative: Double, perDirection: Double) -> Table {
      var table = Table(.shuffle)
      table.append(
        Shuffle.layer(0), Shuffle.projection(.gate), Shuffle.expert(ExpertName("0")),
        Shuffle.k(2), Shuffle.topRelative(relative), Shuffle.tailRelative(0.5),
        Shuffle.topPerDirection(perDirection), Shuffle.tailPerDirection(0.5))
      return table
    }
    #expect(
      findings(shuffle(relative: 0.4, perDirection: 1)).map(\.conclusion) == [
        "mixed: in the leading directions shuffling changes the input less than elsewhere relative to its norm, and more than elsewhere per direction"
      ])
    #expect(
      findings(shuffle(relative: 0.4, perDirection: 0.3)).map(\.conclusion) == [
        "in the leading directions shuffling changes the input less than elsewhere, relative to its norm and per direction"
      ])
    #expect(
      findings(shuffle(relative: 0.51, perDirection: 0.49)).map(\.conclusion) == [
        "in the leading directions shuffling changes the input about as much as elsewhere, relative to its norm and per direction"
      ])
  }
}
