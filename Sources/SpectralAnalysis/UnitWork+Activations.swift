import Captures
import Checkpoints
import Findings
import Tensors

/// The units that are about a layer's input and its router's choices.
extension UnitWork {
  func activationTables(of unit: AnalysisPlan.Unit) async throws -> [Table] {
    guard let capture = plan.inputs.capture, let layer = captured(unit) else { return [] }
    var tables: [Table] = []
    var leftOut: [LeftOut] = []
    for analysis in unit.analyses {
      switch analysis {
      case .routerData:
        do {
          tables += try await routerDataTables(
            layer: layer.index, input: layer.input,
            router: try RouterRows(of: try unit.layer.router.get()), isCentred: options.center,
            width: width)
        } catch {
          guard keepsGoing, isMatterOfOneWeight(error) else { throw error }
          leftOut.append(LeftOut(name: "router", error: error, in: plan.inputs))
        }
      case .dataAlignment:
        tables += try await dataAlignmentTables(of: layer, capture: capture, leftOut: &leftOut)
      case .routing:
        guard let logits = layer.routerLogits else { continue }
        let rule = try routingRule(of: unit)
        tables += routingTables(
          layer: layer.index,
          counts: try await RoutingCounts(of: logits, rule: rule, width: width), rule: rule)
      default: continue
      }
    }
    if !leftOut.isEmpty {
      tables.append(leftOutTable(leftOut, layer: layer.index, projection: "", .leftOut))
    }
    return tables
  }

  private func dataAlignmentTables(
    of layer: CapturedLayer, capture: Capture, leftOut: inout [LeftOut]
  ) async throws -> [Table] {
    let count = capture.sequences.count
    let chosen = evenlySampled(options.sequences.number(of: count), of: count)
    let results = try await sequenceSubspaces(
      chosen, of: capture, input: layer.input, fraction: options.fraction, width: width)
    var sequences: [SequenceSubspace] = []
    for (number, result) in zip(chosen, results) {
      switch result {
      case .success(let sequence): sequences.append(sequence)
      case .failure(let error):
        guard keepsGoing, isMatterOfOneWeight(error) else { throw error }
        leftOut.append(LeftOut(name: "sequence \(number)", error: error, in: plan.inputs))
      }
    }
    let ranks = Set(sequences.map(\.basis.columnCount)).sorted()
    return [
      try await dataAlignmentTable(
        layer: layer.index, sequences: sequences, floors: floors, width: width),
      try floorsTable(ranks.map { (plan.sizes.hiddenSize, $0) }, from: floors),
    ]
  }
}
