/// Works on several items at once, and hands their results over in the order of the items.
///
/// An item that is ready early waits until those before it were handed over. When an item fails, no
/// further one is begun, those before it are still handed over, and its error is thrown.
///
/// - Parameters:
///   - count: The number of items.
///   - atOnce: How many items may be begun and not handed over yet; at least one.
///   - body: Does the work for one item.
///   - handOver: Takes a result; called for one item after the other.
/// - Throws: The error of the first item that failed, what `handOver` throws, and
///   `CancellationError`.
package func workInOrder<Result: Sendable>(
  count: Int, atOnce: Int, _ body: @Sendable @escaping (Int) async throws -> Result,
  handOver: (Int, Result) async throws -> Void
) async throws {
  typealias Outcome = Swift.Result<Result, any Error>
  try await withThrowingTaskGroup(of: (Int, Outcome).self) { group in
    var begun = 0
    var handedOver = 0
    var hasFailed = false
    var ready: [Int: Outcome] = [:]
    func begin() {
      let item = begun
      begun += 1
      group.addTask {
        do {
          return (item, .success(try await body(item)))
        } catch {
          return (item, .failure(error))
        }
      }
    }
    while begun < min(count, max(1, atOnce)) { begin() }
    while handedOver < count {
      try Task.checkCancellation()
      guard let (item, outcome) = try await group.next() else { return }
      ready[item] = outcome
      if case .failure = outcome { hasFailed = true }
      while let next = ready.removeValue(forKey: handedOver) {
        // Leaving the group cancels what was begun behind the failure.
        try await handOver(handedOver, next.get())
        handedOver += 1
        if begun < count, !hasFailed { begin() }
      }
    }
  }
}
