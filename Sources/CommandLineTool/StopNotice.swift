import Dispatch
import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Does a piece of work; when somebody stops it, by Ctrl-C or from outside, says how to go on, and
/// lets the signal end the program as it would have.
///
/// Nothing is cleaned up: what is finished is whole at any moment, and the next call takes up the
/// rest.
///
/// - Parameters:
///   - text: What to say; it is asked for when the signal is there.
///   - work: The work.
/// - Returns: What the work returns.
func withStopNotice<Result>(
  _ text: @escaping @Sendable () -> String, _ work: () async throws -> Result
) async rethrows -> Result {
  let queue = DispatchQueue(label: "sdmoe.stop")
  let sources = [SIGINT, SIGTERM].compactMap { number -> (any DispatchSourceSignal)? in
    // Whoever started this may want it ignored, as `nohup` does. Safe: both are addresses of
    // functions or small numbers, and only compared.
    let former = unsafe unsafeBitCast(signal(number, SIG_IGN), to: Int.self)
    guard unsafe former != unsafeBitCast(SIG_IGN, to: Int.self) else { return nil }
    let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
    source.setEventHandler {
      let lines = wordWrapped(text(), width: 80).joined(separator: "\n")
      // A terminal shows a line of progress, or ^C.
      StandardError.write(StandardError.isTerminal ? "\n\(lines)\n" : "\(lines)\n")
      end(by: number)
    }
    source.resume()
    return source
  }
  defer {
    for source in sources {
      source.cancel()
      signal(CInt(source.handle), SIG_DFL)
    }
  }
  return try await work()
}

/// Ends the program by a signal.
private func end(by number: CInt) {
  signal(number, SIG_DFL)
  // Dispatch keeps its signals from its threads.
  var set = sigset_t()
  // Safe: `set` is a whole set of signals, and nothing keeps its address.
  unsafe sigemptyset(&set)
  unsafe sigaddset(&set, number)
  unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
  raise(number)
}
