import Synchronization

/// How far an analysis is.
public struct AnalysisProgress: Sendable, Equatable {
  /// The units whose results are in the folder.
  public var finishedUnits: Int
  /// All units of the run.
  public let unitCount: Int
  /// The matrices measured by this process.
  public var measuredMatrices: Int
  /// The matrices that this process has to measure; those of units finished before do not count.
  public let matrixCount: Int
  /// The bytes of the matrices measured by this process.
  public var measuredBytes: Int
}

/// Counts what the workers have done.
final class ProgressCounter: Sendable {
  private let state: Mutex<AnalysisProgress>
  private let report: @Sendable (AnalysisProgress) -> Void

  init(_ start: AnalysisProgress, report: @escaping @Sendable (AnalysisProgress) -> Void) {
    state = Mutex(start)
    self.report = report
  }

  func update(_ change: @Sendable (inout AnalysisProgress) -> Void) {
    let now = state.withLock { progress in
      change(&progress)
      return progress
    }
    report(now)
  }
}
