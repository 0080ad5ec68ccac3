import Foundation
import SpectralAnalysis
import TestSupport
import Testing
import Workers

/// Carries out an analysis that is cancelled when it has come so far, and expects it to say so.
///
/// The worker that gets there waits for the cancellation, so that it cannot come late.
func expectCancellation(
  at isReached: @escaping @Sendable (WorkProgress) -> Bool,
  of run: @escaping @Sendable (@escaping @Sendable (WorkProgress) -> Void) async throws -> Void
) async {
  let (reached, signal) = AsyncStream.makeStream(of: Void.self)
  let task = Task {
    try await run { step in
      guard isReached(step) else { return }
      signal.yield()
      let deadline = ContinuousClock.now + .seconds(20)
      while !Task.isCancelled, ContinuousClock.now < deadline {}
    }
  }
  for await _ in reached {
    task.cancel()
    break
  }
  await #expect(throws: CancellationError.self) { try await task.value }
}

/// Expects two folders to hold the same files with the same bytes.
func expectSame(
  _ actual: [String: Data], _ expected: [String: Data], _ comment: Comment,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(
    actual.keys.sorted() == expected.keys.sorted(), comment, sourceLocation: sourceLocation)
  let different = expected.keys.filter { actual[$0] != expected[$0] }.sorted()
  #expect(different == [], comment, sourceLocation: sourceLocation)
}
