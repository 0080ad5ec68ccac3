import Dispatch
import Synchronization

/// Does the same short work for many items on all cores that are the process's, and waits for it:
/// for what is done before anything can be begun that waits without a thread.
///
/// Items are taken in order, and results come back in order.
///
/// - Parameters:
///   - count: The number of items.
///   - body: Does the work for one item.
/// - Returns: The results in the order of the items.
/// - Throws: The error of the first item that failed: all before it were tried.
package func mapAtOnce<Result: Sendable, Failure: Error>(
  count: Int, _ body: @Sendable (Int) throws(Failure) -> Result
) throws(Failure) -> [Result] {
  let state = Mutex((next: 0, results: [Int: Swift.Result<Result, Failure>]()))
  DispatchQueue.concurrentPerform(iterations: min(count, MachineShare.own.coreCount)) { _ in
    while true {
      let item = state.withLock { state in
        defer { state.next += 1 }
        return state.next
      }
      guard item < count else { return }
      let result = Swift.Result { () throws(Failure) in try body(item) }
      state.withLock { state in
        state.results[item] = result
        // No later item can matter.
        if case .failure = result { state.next = count }
      }
    }
  }
  var results: [Result] = []
  for (_, result) in state.withLock({ $0.results }).sorted(by: { $0.key < $1.key }) {
    results.append(try result.get())
  }
  return results
}
