import SpectralAnalysis
import Synchronization

/// Tells how far an analysis is: one line that is written over on a terminal, plain lines every few
/// seconds elsewhere.
final class ProgressLine: Sendable {
  private struct State {
    var lastShown: ContinuousClock.Instant?
    var hasOpenLine = false
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
  func show(_ progress: AnalysisProgress) {
    let isLast = progress.finishedUnits == progress.unitCount
    let now = ContinuousClock.now
    state.withLock { state in
      let pause: Duration = isTerminal ? .milliseconds(100) : .seconds(5)
      if !isLast, let last = state.lastShown, now - last < pause { return }
      // The first line of a log would say that nothing is done.
      if !isTerminal, !isLast, state.lastShown == nil {
        state.lastShown = now
        return
      }
      state.lastShown = now
      let text = Self.text(of: progress, elapsed: now - start)
      write(isTerminal ? "\r\u{1b}[2K\(text)" : "\(text)\n")
      state.hasOpenLine = isTerminal
    }
  }

  /// Ends the line, so that other text can follow.
  func finish() {
    state.withLock { state in
      if state.hasOpenLine { write("\n") }
      state.hasOpenLine = false
    }
  }

  /// Says how far it is, such as `3 of 9 units  117 of 351 matrices  0.80 GB/s  12 s left`.
  static func text(of progress: AnalysisProgress, elapsed: Duration) -> String {
    let seconds =
      Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
    var text = "\(progress.finishedUnits) of \(progress.unitCount) units"
    guard progress.matrixCount > 0 else { return text + ", all measured before" }
    text += "  \(progress.measuredMatrices) of \(progress.matrixCount) matrices"
    guard progress.measuredMatrices > 0, seconds > 0 else { return text }
    text += "  \(bytesText(Int(Double(progress.measuredBytes) / seconds)))/s"
    let left = progress.matrixCount - progress.measuredMatrices
    guard left > 0 else { return text + "  \(timeText(seconds: seconds)) in all" }
    let share = Double(left) / Double(progress.measuredMatrices)
    return text + "  \(timeText(seconds: seconds * share)) left"
  }
}
