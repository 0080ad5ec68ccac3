import Foundation
import SpectralDecoupling
import Synchronization
import Testing
import Workers

/// Cancels a conversion when it has come so far, from the worker that gets there: no other thread
/// has to be free for it.
func cancelConversion(
  at path: String, to out: String, _ options: ConversionOptions, width: Int,
  when isReached: @escaping @Sendable (WorkProgress) -> Bool
) async {
  let started = AsyncStream.makeStream(of: Void.self)
  let box = TaskBox()
  let task = Task {
    for await _ in started.stream { break }
    try await convertCheckpoint(at: path, to: out, options, width: width) { step in
      if isReached(step) { box.cancel() }
    }
  }
  box.set(task)
  started.continuation.yield()
  await #expect(throws: CancellationError.self) { try await task.value }
}

private final class TaskBox: Sendable {
  private let task = Mutex<Task<Void, any Error>?>(nil)
  func set(_ task: Task<Void, any Error>) { self.task.withLock { $0 = task } }
  func cancel() { task.withLock { $0?.cancel() } }
}
