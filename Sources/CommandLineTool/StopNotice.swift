import Dispatch
import Files
import Foundation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Does a piece of work; when somebody stops it, by Ctrl-C, from outside or by closing its terminal,
/// says what is kept and which command goes on, and ends the program.
///
/// Nothing is cleaned up: what is finished is whole at any moment, and the next call takes up the
/// rest. The program ends at once: by the signal for Ctrl-C, so that a script that called it ends as
/// well, and else with 75, by which schedulers know what may be tried again.
///
/// - Parameters:
///   - kept: What to say of what is kept; nil where nothing was written. It is asked for when the
///     signal is there.
///   - work: The work.
/// - Returns: What the work returns.
func withStopNotice<Result>(
  _ kept: @escaping @Sendable () -> String?, _ work: () async throws -> Result
) async rethrows -> Result {
  let queue = DispatchQueue(label: "sdmoe.stop")
  let sources = [SIGINT, SIGTERM, SIGHUP].compactMap { number -> (any DispatchSourceSignal)? in
    // Whoever started this may want it ignored, as `nohup` does. Safe: both are addresses of
    // functions or small numbers, and only compared.
    let former = unsafe unsafeBitCast(signal(number, SIG_IGN), to: Int.self)
    guard unsafe former != unsafeBitCast(SIG_IGN, to: Int.self) else { return nil }
    let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
    source.setEventHandler {
      // The command as it was typed, and in one line, to be pasted.
      let lines =
        kept().map { kept in
          wordWrapped("stopped; \(kept); this goes on:", width: 80).joined(separator: "\n")
            + "\n  " + CommandLine.arguments.map(shellText).joined(separator: " ")
        } ?? "stopped; nothing was written"
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

/// Ends the program for a signal.
private func end(by number: CInt) {
  // What may be tried again, in sysexits.h EX_TEMPFAIL; at once, with no thread waited for.
  guard number == SIGINT else { _exit(75) }
  signal(number, SIG_DFL)
  // Dispatch keeps its signals from its threads.
  var set = sigset_t()
  // Safe: `set` is a whole set of signals, and nothing keeps its address.
  unsafe sigemptyset(&set)
  unsafe sigaddset(&set, number)
  unsafe pthread_sigmask(SIG_UNBLOCK, &set, nil)
  raise(number)
}
