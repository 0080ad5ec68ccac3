import Synchronization
import Testing
import Workers

/// Checks the contract of `workInOrder`.
@Suite struct WorkInOrderTests {
  struct Failure: Error, Equatable { let item: Int }

  /// Ends the later the earlier the item is, so that results are ready in another order.
  static func slowly(_ item: Int) async throws -> Int {
    try await Task.sleep(for: .milliseconds(item.isMultiple(of: 3) ? 20 : 1))
    return item
  }

  @Test("Results are handed over in order", arguments: [1, 2, 5])
  func order(atOnce: Int) async throws {
    var found: [Int] = []
    try await workInOrder(count: 12, atOnce: atOnce, Self.slowly) { found += [$0 * 100 + $1] }
    #expect(found == (0..<12).map { $0 * 101 })
  }

  @Test("No more items are begun and not handed over than allowed")
  func window() async throws {
    let open = Mutex((now: 0, most: 0))
    try await workInOrder(count: 20, atOnce: 3) { item in
      open.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
      return try await Self.slowly(item)
    } handOver: { _, _ in
      open.withLock { $0.now -= 1 }
    }
    #expect((2...3).contains(open.withLock { $0.most }))
  }

  @Test("What stands before a failure is handed over, what stands behind it is not")
  func failure() async {
    var found: [Int] = []
    await #expect(throws: Failure(item: 5)) {
      try await workInOrder(count: 12, atOnce: 4) { item in
        if item == 5 { throw Failure(item: item) }
        return try await Self.slowly(item)
      } handOver: { item, _ in
        found.append(item)
      }
    }
    #expect(found == [0, 1, 2, 3, 4])
  }
}
