public import LinearAlgebra

/// What can stop an analysis, besides the errors of a checkpoint and of a run folder.
public enum AnalysisError: Error, Equatable, Sendable {
  /// The weights of an expert cannot be analysed.
  case unusableWeight(place: String, reason: LinearAlgebraError)
  /// A router row is zero, so it points nowhere.
  case zeroRouterRow(place: String, row: Int)
}

extension AnalysisError: CustomStringConvertible {
  /// What went wrong, and what to try next.
  public var description: String {
    switch self {
    case .unusableWeight(let place, let reason):
      "\(place) \(reason)\(Self.advice(on: reason))"
    case .zeroRouterRow(let place, let row):
      "\(place) is zero in row \(row), so the router has no direction for that expert; leave the router out with --analyses energy,spectrum,similarity"
    }
  }

  /// What to try next, where the reason does not say it itself.
  private static func advice(on reason: LinearAlgebraError) -> String {
    switch reason {
    case .notFinite, .zeroMatrix:
      "; download the file again and start a new run folder, or leave out what is damaged with --keep-going"
    case .rankTooLow: "; choose a smaller --fraction, or leave such experts out with --keep-going"
    case .emptyMatrix: "; leave such experts out with --keep-going"
    case .tooLarge, .noConvergence: "; please report it with the shape of the tensor"
    case .outOfMemory, .rejectedArgument: ""
    }
  }
}
