import Captures
import Testing

/// Checks the contract above `evenlySampled(_:of:)`.
@Suite struct EvenlySampledTests {
  @Test("takes the places floor(i * count / sampled)")
  func places() {
    #expect(evenlySampled(4, of: 10) == [0, 2, 5, 7])
    #expect(evenlySampled(3, of: 7) == [0, 2, 4])
    #expect(evenlySampled(1, of: 5) == [0])
  }

  @Test("takes all places where as many or more are asked for, and none of none")
  func bounds() {
    #expect(evenlySampled(5, of: 5) == [0, 1, 2, 3, 4])
    #expect(evenlySampled(9, of: 3) == [0, 1, 2])
    #expect(evenlySampled(0, of: 3) == [])
    #expect(evenlySampled(3, of: 0) == [])
  }

  @Test("spreads places whose steps differ by at most one", arguments: [1, 2, 3, 7, 64, 999])
  func spread(sampled: Int) {
    let places = evenlySampled(sampled, of: 1000)
    #expect(places.count == sampled)
    let steps = zip(places, places.dropFirst() + [1000]).map { $1 - $0 }
    #expect((steps.max() ?? 0) - (steps.min() ?? 0) <= 1)
  }

  @Test("does not overflow")
  func large() {
    // i * count passes 2^63; the last place is floor(999_999 * 2^62 / 10^6).
    let places = evenlySampled(1_000_000, of: 1 << 62)
    #expect(places.last == 4_611_681_406_741_369_476)
    #expect(zip(places, places.dropFirst()).allSatisfy { $0 < $1 })
  }
}
