import Experts
import Findings
import Testing

/// Checks the columns of the tables that analyses yield.
@Suite struct ColumnTests {
  static let definitions: [TableDefinition] = [
    .similarity, .summary, .floors, .energy, .spectrum, .routerAlignment, .routerScore,
    .routerSummary, .leftOut, .bands, .bandSummary, .tailSimilarity, .groups, .redundantPairs,
    .routerData, .dataSpectrum, .activationRatio, .activationSummary, .shuffle, .dataAlignment,
    .routing, .routingSummary, .coactivation, .layerChanges, .similarityChanges, .largestChanges,
    .energy.ofGradients,
  ]

  @Test("every column of a table has a name of its own and a meaning", arguments: definitions)
  func names(_ definition: TableDefinition) {
    #expect(Set(definition.columns.map(\.name)).count == definition.columns.count)
    #expect(definition.columns.allSatisfy { !$0.meaning.isEmpty })
  }

  @Test("tables have names of their own")
  func tables() {
    #expect(Set(Self.definitions.map(\.name)).count == Self.definitions.count)
  }

  @Test("a column knows its kind, its bounds and its words by the type of its values")
  func erased() {
    #expect(Similarity.k.erased.kind == .integer)
    #expect(Similarity.meanCosine.erased.bounds?.contains(1) == true)
    #expect(Similarity.meanCosine.erased.bounds?.contains(1.01) == false)
    #expect(Similarity.geodesic.erased.bounds == nil)
    #expect(Similarity.side.erased.words == ["hidden", "neuron"])
    #expect(Energy.flag.erased.words == ["ill-separated", ""])
    #expect(Similarity.expertA.erased.words == nil)
  }
}
