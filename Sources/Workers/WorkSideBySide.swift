import Synchronization

/// Does the same work for many items side by side, with a bounded number of workers.
///
/// Items are handed out in order, and results come back in order, so nothing depends on which
/// worker was faster. When items fail, the error of the first of them is thrown: all before it were
/// tried.
///
/// - Parameters:
///   - count: The number of items.
///   - width: How many to work on at once; at least one.
///   - makeState: Makes the memory that one worker uses again for each of its items.
///   - body: Does the work for one item.
/// - Returns: The results in the order of the items.
/// - Throws: What `body` throws, and `CancellationError`.
package func workSideBySide<State, Result: Sendable>(
  count: Int, width: Int, makeState: @Sendable @escaping () -> State,
  _ body: @Sendable @escaping (inout State, Int) throws -> Result
) async throws -> [Result] {
  let queue = ItemQueue(count: count)
  let finished = try await withThrowingTaskGroup(of: WorkerResult<Result>.self) { group in
    for _ in 0..<max(1, min(width, count)) {
      group.addTask {
        var state = makeState()
        var done: WorkerResult<Result> = WorkerResult()
        while true {
          guard let item = queue.next() else { return done }
          try Task.checkCancellation()
          do {
            done.results.append((item, try body(&state, item)))
          } catch {
            // No later item can matter now; earlier ones are already being worked on.
            queue.close()
            done.failure = (item, error)
            return done
          }
        }
      }
    }
    return try await group.reduce(into: [WorkerResult<Result>]()) { $0.append($1) }
  }
  if let first = finished.compactMap(\.failure).min(by: { $0.item < $1.item }) {
    throw first.error
  }
  return finished.flatMap(\.results).sorted { $0.item < $1.item }.map(\.result)
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
