import Captures
import Checkpoints
import Experts
import Findings

/// What an analysis says of itself: everything that planning, running and recording it needs.
///
/// Each analysis is one type in a file of its own, and stands in ``Analysis/allCases``. What few of
/// them have is left away: there are defaults.
protocol AnalysisKind: Sendable {
  /// The name that the command line uses.
  var name: String { get }
  /// What it needs besides the checkpoint.
  var input: Analysis.Input { get }
  /// The tables that it fills.
  var tables: [TableDefinition] { get }
  /// The definitions behind its numbers, for the manifest.
  var definitions: [String: String] { get }

  /// Whether it is made unless others are asked for, if captures have what it needs.
  func isUsual(with inputs: AnalysisInputs) -> Bool

  /// Records the options that change its results.
  func record(_ options: AnalysisOptions, in recorded: inout RunOptions)

  /// Checks that captures have what it needs.
  ///
  /// - Throws: ``AnalysisError`` and ``CheckpointError``.
  func check(
    _ capture: Capture, of checkpoint: Checkpoint, layers: [CapturedLayer],
    options: AnalysisOptions) throws

  /// What it reads of a layer's captures.
  func captured(of layer: CapturedLayer, options: AnalysisOptions) -> [ActivationRows]

  /// How much memory its work on tokens needs, in bytes.
  func tokenMemory(_ plan: MemoryPlan) -> Int

  /// Whether it reads the router's weight.
  var needsRouter: Bool { get }
}

extension AnalysisKind {
  var input: Analysis.Input { .checkpoint }
  var definitions: [String: String] { [:] }
  var needsRouter: Bool { false }
  func isUsual(with inputs: AnalysisInputs) -> Bool { false }
  func record(_ options: AnalysisOptions, in recorded: inout RunOptions) {}
  func check(
    _ capture: Capture, of checkpoint: Checkpoint, layers: [CapturedLayer],
    options: AnalysisOptions
  ) throws {}
  func captured(of layer: CapturedLayer, options: AnalysisOptions) -> [ActivationRows] { [] }
  func tokenMemory(_ plan: MemoryPlan) -> Int { 0 }
}

/// An analysis of the matrices of a layer and projection.
protocol MatrixAnalysis: AnalysisKind {
  /// Whether it measures the weights or their gradients.
  var subject: UnitKey.Subject { get }
  /// Whether it compares what lives at an expert's input, which down_proj does not see.
  var needsInputSide: Bool { get }
  /// Whether it needs all directions of every expert, not the leading ones alone.
  var needsAllDirections: Bool { get }

  /// The floors of the similarities that it tells, as dimensions and ranks.
  func floors(of unit: PlannedUnit, leading k: Int) -> [FloorShape]

  /// Measures a unit.
  func tables(of unit: MeasuredUnit, in work: UnitWork) async throws -> [Table]
}

extension MatrixAnalysis {
  var subject: UnitKey.Subject { .weights }
  var needsInputSide: Bool { false }
  var needsAllDirections: Bool { false }
  func floors(of unit: PlannedUnit, leading k: Int) -> [FloorShape] { [] }
}

/// An analysis of a layer's input and router, whatever the projection.
protocol LayerAnalysis: AnalysisKind {
  /// Measures a layer.
  func findings(of layer: CapturedLayer, in work: UnitWork) async throws -> LayerFindings
}

/// What an analysis of a layer yields.
struct LayerFindings: Sendable {
  var tables: [Table] = []
  /// What could not be measured.
  var leftOut: [LeftOut] = []
}
