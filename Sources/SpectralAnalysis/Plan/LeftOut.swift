import Captures
import Checkpoints
import Experts
import Findings
import LinearAlgebra

/// An expert, a router or a sequence that could not be measured.
struct LeftOut: Error {
  let name: String
  let reason: String
  /// Whether it is a gradient of an expert that saw no token, or too few: no failure.
  var isLackOfGradient = false

  /// Says what was wrong, with files named from their folder: tables hold no paths.
  ///
  /// What to try next is left away: whoever reads this has gone on without it.
  init(name: String, error: any Error, in inputs: AnalysisInputs) {
    self.name = name
    let reason =
      switch error {
      case AnalysisError.unusableWeight(let place, let reason): "\(place) \(reason)"
      case AnalysisError.unusableActivations(let place, let tokens, let reason):
        "\(place), \(tokens) \(reason)"
      default: "\(error)"
      }
    self.reason = withoutFolders(reason, of: inputs)
  }
}

/// A message with files named from their folder: what is kept of a run holds no paths.
func withoutFolders(_ message: String, of inputs: AnalysisInputs) -> String {
  var message = message
  // First the files that may lie in the checkpoint's folder or not: the table must not tell.
  for path in [inputs.capture?.path, inputs.gradients?.path].compactMap({ $0 }) {
    let name = path.split(separator: "/").last.map(String.init) ?? path
    message = message.replacing(path, with: name)
  }
  let folder = inputs.checkpoint.path
  return message.replacing("\(folder)/", with: "").replacing("\(folder): ", with: "")
}

/// Whether an error says that one weight or sequence is unfit, and not that the machine or a file
/// failed.
func isMatterOfOneWeight(_ error: any Error) -> Bool {
  switch error {
  case is CheckpointError: true
  case AnalysisError.zeroRouterRow, AnalysisError.gradientMissing, AnalysisError.gradientType,
    AnalysisError.gradientNotRead:
    true
  case AnalysisError.unusableWeight(_, let reason),
    AnalysisError.unusableActivations(_, _, let reason):
    switch reason {
    case .notFinite, .zeroMatrix, .rankTooLow, .emptyMatrix: true
    default: false
    }
  default: false
  }
}

/// Whether an error says that an expert saw no token, or too few for k directions.
func isLackOfGradient(_ error: any Error) -> Bool {
  switch error {
  case AnalysisError.gradientMissing: true
  case AnalysisError.unusableWeight(_, let reason):
    switch reason {
    case .zeroMatrix, .rankTooLow: true
    default: false
    }
  default: false
  }
}

/// The tables of what was left out of a unit: gradients that are lacking apart from what could not
/// be measured.
func leftOutTables(_ leftOut: [LeftOut], of unit: UnitKey) -> [Table] {
  let kinds = [
    (TableDefinition.leftOut, leftOut.filter { !$0.isLackOfGradient }),
    (TableDefinition.leftOut.ofGradients, leftOut.filter(\.isLackOfGradient)),
  ]
  return kinds.filter { !$0.1.isEmpty }.map { definition, leftOut in
    var table = Table(definition)
    for item in leftOut {
      table.append(
        LeftOutParts.layer(unit.layer), LeftOutParts.projection(unit.projection),
        LeftOutParts.expert(item.name), LeftOutParts.reason(item.reason))
    }
    return table
  }
}
