import Synchronization

/// How far an analysis or a conversion is.
public struct WorkProgress: Sendable, Equatable {
  /// The units that are finished, those of an interrupted run included.
  public var finishedUnits: Int
  /// All units.
  public let unitCount: Int
  /// The matrices finished by this process.
  public var finishedMatrices: Int
  /// The matrices that this process has to work on; those of units finished before do not count.
  public let matrixCount: Int
  /// The matrices of the units that were finished before.
  public let keptMatrices: Int
  /// The bytes of the matrices finished by this process.
  public var finishedBytes: Int

  /// Describes how far some work is.
  package init(
    finishedUnits: Int, unitCount: Int, finishedMatrices: Int = 0, matrixCount: Int,
    keptMatrices: Int = 0, finishedBytes: Int = 0
  ) {
    self.finishedUnits = finishedUnits
    self.unitCount = unitCount
    self.finishedMatrices = finishedMatrices
    self.matrixCount = matrixCount
    self.keptMatrices = keptMatrices
    self.finishedBytes = finishedBytes
  }
}

/// Counts what the workers have done.
package final class ProgressCounter: Sendable {
  private let state: Mutex<WorkProgress>
  private let report: @Sendable (WorkProgress) -> Void

  /// Begins to count.
  package init(_ start: WorkProgress, report: @escaping @Sendable (WorkProgress) -> Void) {
    state = Mutex(start)
    self.report = report
  }

  /// Changes the count, and reports it.
  package func update(_ change: @Sendable (inout WorkProgress) -> Void) {
    let now = state.withLock { progress in
      change(&progress)
      return progress
    }
    report(now)
  }
}
