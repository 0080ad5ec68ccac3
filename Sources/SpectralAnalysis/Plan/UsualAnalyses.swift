import Captures
import Checkpoints
import Experts
public import Findings

/// The analyses that are made unless others are asked for, and those that then are left out.
public struct UsualAnalyses: Sendable {
  /// The four quick ones of a checkpoint alone; with captures or gradients all that they allow, and
  /// the bands.
  public let analyses: [Analysis]
  /// Why others of them cannot be made.
  public let omissions: [RunManifest.Omission]

  /// Finds out what the inputs allow.
  ///
  /// - Parameters:
  ///   - inputs: What is analysed.
  ///   - options: What else is asked for; its analyses do not matter.
  /// - Throws: `CheckpointError` for a layer that does not exist; a file's error when a router's
  ///   bias cannot be read.
  /// - Complexity: O(N) for each layer.
  public init(of inputs: AnalysisInputs, options: AnalysisOptions) throws {
    let layers = try inputs.checkpoint.layers(numbered: options.layers)
    let captured = layers.compactMap { inputs.capture?.layer($0.index) }
    let seesInput = options.projections.contains(where: \.hiddenSideIsRight)
    var options = options
    options.analyses = Analysis.allCases.filter { $0.kind.isUsual(with: inputs) }
    var omissions: [RunManifest.Omission] = []
    analyses = try options.analyses.filter { analysis in
      func omit(because reason: String) -> Bool {
        omissions.append(RunManifest.Omission(analysis: analysis.rawValue, reason: reason))
        return false
      }
      if analysis.needsInputSide, !seesInput {
        return omit(because: "it measures gate and up only, and neither is measured")
      }
      guard analysis.input == .captures, let capture = inputs.capture else { return true }
      do {
        try analysis.kind.check(
          capture, of: inputs.checkpoint, layers: captured, options: options)
        return true
      } catch AnalysisError.notCaptured(_, let what, _) {
        return omit(because: "the captures have no \(what)")
      } catch let error as CheckpointError {
        return omit(because: withoutFolders("\(error)", of: inputs))
      }
    }
    self.omissions = omissions
  }
}
