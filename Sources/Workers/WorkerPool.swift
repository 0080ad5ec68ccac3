import Synchronization

/// A bounded number of workers that pieces of work share which are under way at once.
///
/// Whoever has items side by side gives them to the pool; at any time no more items are worked on
/// than there are workers, whatever piece they belong to. Of items that wait, those of the piece
/// with the lowest order go first.
package final class WorkerPool: Sendable {
  /// The number of workers.
  package let count: Int

  private let state: Mutex<State>

  private struct State {
    var free: Int
    var waiting: [Waiter] = []
    var arrivals = 0
  }

  private struct Waiter {
    let order: Int
    let arrival: Int
    let continuation: CheckedContinuation<Void, Never>
  }

  /// Makes a pool of so many workers, at least one.
  package init(count: Int) {
    self.count = max(1, count)
    state = Mutex(State(free: max(1, count)))
  }

  /// Does the same work for many items side by side.
  ///
  /// Items are handed out in order, and results come back in order, so nothing depends on which
  /// worker was faster. When items fail, the error of the first of them is thrown: all before it
  /// were tried.
  ///
  /// - Parameters:
  ///   - count: The number of items.
  ///   - order: Which piece of work they belong to.
  ///   - makeMemory: Makes what one worker uses again for each of its items.
  ///   - body: Does the work for one item.
  /// - Returns: The results in the order of the items.
  /// - Throws: What `body` throws, and `CancellationError`: looked for before every item.
  package func map<Memory, Result: Sendable>(
    count: Int, order: Int = 0, makeMemory: @Sendable @escaping () -> Memory,
    _ body: @Sendable @escaping (inout Memory, Int) throws -> Result
  ) async throws -> [Result] {
    let queue = ItemQueue(count: count)
    let finished = try await withThrowingTaskGroup(of: WorkerResult<Result>.self) { group in
      for _ in 0..<max(1, min(self.count, count)) {
        group.addTask {
          var memory: Memory?
          var done = WorkerResult<Result>()
          while !queue.isEmpty {
            await self.enter(order)
            defer { self.leave() }
            guard let item = queue.next() else { break }
            try Task.checkCancellation()
            var own = memory.take() ?? makeMemory()
            do {
              done.results.append((item, try body(&own, item)))
            } catch {
              // No later item can matter now; earlier ones are already being worked on.
              queue.close()
              done.failure = (item, error)
            }
            memory = own
          }
          return done
        }
      }
      return try await group.reduce(into: [WorkerResult<Result>]()) { $0.append($1) }
    }
    if let first = finished.compactMap(\.failure).min(by: { $0.item < $1.item }) {
      throw first.error
    }
    return finished.flatMap(\.results).sorted { $0.item < $1.item }.map(\.result)
  }

  /// Does the same work for many items that need no memory of a worker's own.
  ///
  /// - Throws: As ``map(count:order:makeMemory:_:)``.
  package func map<Result: Sendable>(
    count: Int, order: Int = 0, _ body: @Sendable @escaping (Int) throws -> Result
  ) async throws -> [Result] {
    try await map(count: count, order: order, makeMemory: {}) { _, item in try body(item) }
  }

  /// Waits until a worker is free, and takes it.
  private func enter(_ order: Int) async {
    await withCheckedContinuation { continuation in
      let isFree = state.withLock { state in
        if state.free > 0 {
          state.free -= 1
          return true
        }
        state.arrivals += 1
        state.waiting.append(
          Waiter(order: order, arrival: state.arrivals, continuation: continuation))
        return false
      }
      if isFree { continuation.resume() }
    }
  }

  /// Gives the worker to the next that waits.
  private func leave() {
    let next = state.withLock { state -> Waiter? in
      let first = state.waiting.indices.min {
        (state.waiting[$0].order, state.waiting[$0].arrival)
          < (state.waiting[$1].order, state.waiting[$1].arrival)
      }
      guard let first else {
        state.free += 1
        return nil
      }
      return state.waiting.remove(at: first)
    }
    next?.continuation.resume()
  }
}

/// What one worker brings back.
private struct WorkerResult<Result: Sendable>: Sendable {
  var results: [(item: Int, result: Result)] = []
  var failure: (item: Int, error: any Error)?
}

/// Hands out the numbers of items in order, each once.
private final class ItemQueue: Sendable {
  private let count: Int
  private let taken = Mutex(0)

  init(count: Int) {
    self.count = count
  }

  var isEmpty: Bool { taken.withLock { $0 >= count } }

  func next() -> Int? {
    taken.withLock { taken in
      guard taken < count else { return nil }
      taken += 1
      return taken - 1
    }
  }

  func close() {
    taken.withLock { $0 = count }
  }
}
