import Pictures
import Testing

@Suite struct ThinnedPlacesTests {
  @Test("keep everything where there is room")
  func all() {
    for last in [1, 2, 60] {
      let thinned = ThinnedPlaces(to: last, atMost: 60)
      #expect(thinned.places == Array(1...last))
      #expect(thinned.note("directions") == nil)
    }
  }

  @Test(
    "keep first and last, and are evenly spaced on the axis beyond the first ones",
    arguments: [(112, 60), (1408, 60), (1408, 93), (1408, 270), (7168, 270)])
  func thinned(last: Int, most: Int) throws {
    let thinned = ThinnedPlaces(to: last, atMost: most)
    let places = thinned.places
    #expect(places.first == 1 && places.last == last)
    // One more distance adds about one place: the room is used.
    #expect(places.count <= most && places.count >= most * 3 / 4)
    #expect(zip(places, places.dropFirst()).allSatisfy { $0 < $1 })

    let whole = thinned.lastWithoutGap
    #expect(Array(places.prefix(whole)) == Array(1...whole) && places[whole] != whole + 1)
    // Beyond, steps are one distance apart but for rounding to a whole place at either end.
    let beyond = places.drop { $0 <= 2 * whole }.map { Double($0) }
    let ratios = zip(beyond, beyond.dropFirst()).map { $1 / $0 }
    let low = try #require(ratios.min())
    let high = try #require(ratios.max())
    #expect((high - 1) / (low - 1) <= 2.5)
    #expect(
      thinned.note("values")?.hasPrefix(
        "Drawn are \(places.count) of \(last) values: all up to \(whole),") == true)
  }
}
