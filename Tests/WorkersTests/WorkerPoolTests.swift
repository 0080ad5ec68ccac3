import Synchronization
import Testing
import Workers

/// Checks the contract of `WorkerPool`.
@Suite struct WorkerPoolTests {
  struct Failure: Error, Equatable { let item: Int }

  /// Counts how many items are worked on at once.
  final class Gauge: Sendable {
    private let state = Mutex((now: 0, most: 0))
    var most: Int { state.withLock { $0.most } }

    func during(_ body: () -> Void) {
      state.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
      body()
      state.withLock { $0.now -= 1 }
    }
  }

  @Test("Results come in the order of items, whatever the number of workers", arguments: [1, 2, 7])
  func order(workers: Int) async throws {
    let found = try await WorkerPool(count: workers).map(count: 50) { $0 * $0 }
    #expect(found == (0..<50).map { $0 * $0 })
    #expect(try await WorkerPool(count: workers).map(count: 0) { $0 } == [])
  }

  @Test("Two pieces of work at once share the workers")
  func shared() async throws {
    let pool = WorkerPool(count: 2)
    let gauge = Gauge()
    async let first = pool.map(count: 40) { item in
      gauge.during { _ = (0..<20_000).reduce(0, &+) }
      return item
    }
    async let second = pool.map(count: 40, order: 1) { item in
      gauge.during { _ = (0..<20_000).reduce(0, &+) }
      return item
    }
    #expect(try await first.count + second.count == 80)
    #expect(gauge.most <= 2)
  }

  @Test("Of several failures the first item's is thrown", arguments: [1, 3])
  func failure(workers: Int) async {
    await #expect(throws: Failure(item: 4)) {
      try await WorkerPool(count: workers).map(count: 30) { item in
        if item >= 4 { throw Failure(item: item) }
        return item
      }
    }
  }

  @Test("A worker uses its memory again")
  func memory() async throws {
    let made = Mutex(0)
    let sums = try await WorkerPool(count: 2).map(
      count: 20,
      makeMemory: {
        made.withLock { $0 += 1 }
        return 0
      }
    ) { memory, item in
      memory += 1
      return item
    }
    #expect(sums.count == 20)
    #expect((1...2).contains(made.withLock { $0 }))
  }

  @Test("A cancelled task begins no further item")
  func cancellation() async {
    let begun = Mutex(0)
    let task = Task {
      try await WorkerPool(count: 1).map(count: 1000) { item in
        begun.withLock { $0 += 1 }
        // The task cancels itself in the midst of its third item.
        // Safe: the handle does not leave the closure.
        if item == 2 { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
      }
    }
    await #expect(throws: CancellationError.self) { try await task.value }
    #expect(begun.withLock { $0 } == 3)
  }
}
