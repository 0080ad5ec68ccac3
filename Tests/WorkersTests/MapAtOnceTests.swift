import Synchronization
import Testing
import Workers

@Suite struct MapAtOnceTests {
  @Test("Results come back in the order of the items", arguments: [0, 1, 7, 1000])
  func order(count: Int) {
    #expect(mapAtOnce(count: count) { $0 * $0 } == (0..<count).map { $0 * $0 })
  }

  @Test("The first item that fails gives the error, and all before it were tried")
  func failure() {
    struct Failure: Error, Equatable { let item: Int }
    let tried = Mutex(Set<Int>())
    #expect(throws: Failure(item: 20)) {
      try mapAtOnce(count: 10_000) { item in
        _ = tried.withLock { $0.insert(item) }
        if item >= 20 { throw Failure(item: item) }
      }
    }
    let items = tried.withLock { $0 }
    #expect(items.isSuperset(of: 0...20))
    // What was begun beside it goes on; nothing further is begun.
    #expect(items.count < 10_000)
  }
}
