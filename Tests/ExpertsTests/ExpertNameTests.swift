import Experts
import Testing

/// Checks the order and the reading of experts' names.
@Suite struct ExpertNameTests {
  @Test("Routed experts stand by number, shared ones behind them")
  func order() {
    let sorted = ["0", "2", "10", "shared", "shared0", "shared9", "shared10"]
    #expect(sorted.reversed().map { ExpertName($0) }.sorted().map(\.text) == sorted)
  }

  @Test("A name of digits is a routed expert's, any other is a shared one's")
  func kinds() {
    #expect(ExpertName("12").routedIndex == 12)
    #expect(ExpertName(routed: 12) == ExpertName("12"))
    #expect(ExpertName("shared").routedIndex == nil)
    #expect(!ExpertName.shared.isRouted)
    // Larger than any index: no number, and no trap.
    #expect(ExpertName("99999999999999999999").routedIndex == nil)
  }
}
