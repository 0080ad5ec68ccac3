import Dispatch
import SpectralAnalysis
import Synchronization
import Workers

/// Tells how far an analysis or a conversion is: one line that is written over on a terminal, plain
/// lines every few seconds elsewhere.
final class ProgressLine: Sendable {
  private struct State {
    /// How far it was at the start: what was there before is not this run's work.
    var first: WorkProgress?
    var latest: WorkProgress?
    var lastShown: ContinuousClock.Instant?
    var hasOpenLine = false
    var isOver = false
  }

  private let isTerminal: Bool
  private let start = ContinuousClock.now
  private let write: @Sendable (String) -> Void
  private let state = Mutex(State())

  /// Makes a line that writes through a function.
  init(isTerminal: Bool, write: @escaping @Sendable (String) -> Void) {
    self.isTerminal = isTerminal
    self.write = write
  }

  /// Shows how far the analysis is, unless the last time was a moment ago.
  func show(_ progress: WorkProgress) {
    state.withLock { state in
      state.latest = progress
      if state.first == nil { state.first = progress }
      show(&state)
    }
  }

  /// Shows the last progress again with the time that has passed, so that a long piece of work does
  /// not look stuck.
  func tick() {
    state.withLock { show(&$0) }
  }

  /// Does a piece of work, and shows its progress every second, and for the last time at its end.
  func ticking<Result>(_ work: () async throws -> Result) async throws -> Result {
    // A thread of its own, as the workers may hold all others.
    let clock = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "sdmoe.progress"))
    clock.schedule(deadline: .now() + 1, repeating: 1)
    clock.setEventHandler { self.tick() }
    clock.resume()
    defer {
      clock.cancel()
      finish()
    }
    return try await work()
  }

  /// Ends the line, so that other text can follow.
  func finish() {
    state.withLock { state in
      if state.hasOpenLine { write("\n") }
      state.hasOpenLine = false
      state.isOver = true
    }
  }

  private func show(_ state: inout State) {
    guard !state.isOver, let first = state.first, let latest = state.latest else { return }
    let isLast = latest.finishedUnits == latest.unitCount
    let now = ContinuousClock.now
    let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(5)
    if !isLast, let last = state.lastShown, now - last < pause { return }
    // The first line of a log would say that nothing is done.
    if !isTerminal, !isLast, state.lastShown == nil {
      state.lastShown = now
      return
    }
    state.lastShown = now
    state.isOver = isLast
    let parts = Self.parts(of: latest, since: first, elapsed: now - start)
    // A line that the terminal breaks could not be written over. The last column stays free, as
    // some break the line when it is taken.
    write(
      isTerminal
        ? "\r\u{1b}[2K\(Self.line(parts, width: LineWidth.ofErrors - 1))"
        : "\(parts.joined(separator: "  "))\n")
    state.hasOpenLine = isTerminal
  }

  /// The parts in one line, without the last but one as long as they do not fit.
  private static func line(_ parts: [String], width: Int) -> String {
    var parts = parts
    while parts.count > 2, parts.joined(separator: "  ").count > width {
      parts.remove(at: parts.count - 2)
    }
    return String(parts.joined(separator: "  ").prefix(width))
  }

  /// Says how far it is, such as `3 of 9 units`, `117 of 351 matrices`, `0.80 GB/s`, `12 s left`.
  ///
  /// Time is told as left while matrices, or units where there are none, tell how much work
  /// remains; else as spent so far.
  private static func parts(
    of progress: WorkProgress, since first: WorkProgress, elapsed: Duration
  ) -> [String] {
    let seconds =
      Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    let units = "\(progress.finishedUnits) of \(progress.unitCount) units"
    guard first.finishedUnits < progress.unitCount else { return ["\(units), all measured before"] }
    var parts = [units]
    if progress.matrixCount > 0 {
      let kept = progress.keptMatrices
      parts.append(
        "\(kept + progress.finishedMatrices) of \(kept + progress.matrixCount) matrices")
    }
    if progress.finishedMatrices > 0, seconds > 0 {
      parts.append("\(bytesText(Int(Double(progress.finishedBytes) / seconds)))/s")
    }
    let time = timeText(seconds: seconds)
    let (done, all) =
      progress.matrixCount > 0
      ? (progress.finishedMatrices, progress.matrixCount)
      : (progress.finishedUnits - first.finishedUnits, progress.unitCount - first.finishedUnits)
    if progress.finishedUnits == progress.unitCount {
      parts.append("\(time) in all")
    } else if done > 0, done < all {
      parts.append("\(timeText(seconds: seconds * Double(all - done) / Double(done))) left")
    } else if seconds >= 1 {
      parts.append("\(time) so far")
    }
    return parts
  }
}
