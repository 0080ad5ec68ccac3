import Experts
import Tensors

extension LayerSurvey {
  /// What is wrong with the tensors that stand beside the unique parts of a unit: its common bases,
  /// its common part, and in exact mode the remainders and corrections of its experts.
  func problems(of unit: FactoredUnit, in form: SDMoEForm) -> [CheckpointError] {
    let shape = unit.projection.shape(hiddenSize: hiddenSize, width: expertWidth)
    let (rows, columns, rank) = (shape[0], shape[1], unit.commonRank)
    let hasLeft = form.sides.projectLeft(of: unit.projection)
    let hasRight = form.sides.projectRight(of: unit.projection)
    let names = FactoredNames(start: start(ofLayer: unit.layer), projection: unit.projection)
    var found: [CheckpointError?] = []
    if hasLeft { found.append(problem(names.basisLeft, [rows, rank])) }
    if hasRight { found.append(problem(names.basisRight, [columns, rank])) }
    // W_c has the rank that its factors have, up to twice the common one.
    let common = files[names.commonLeft]?.tensor.shape
    let commonRank = common.flatMap { $0.count == 2 && 1...2 * rank ~= $0[1] ? $0[1] : nil }
    found.append(problem(names.commonLeft, [rows, commonRank ?? rank]))
    found.append(problem(names.commonRight, [commonRank ?? rank, columns]))
    guard form.mode == .exact else { return found.compactMap(\.self) }
    for weight in expertWeightNames(ofLayer: unit.layer, projection: unit.projection) {
      let names = FactoredExpertNames(weight: weight)
      if hasRight { found.append(problem(names.remainderLeft, [rows, rank])) }
      if hasLeft { found.append(problem(names.remainderRight, [rank, columns])) }
      guard form.dtype == .f32 else { continue }
      let count = files[names.correctionIndex]?.tensor.shape.first ?? 0
      found.append(problem(names.correctionIndex, [count], .i32))
      found.append(problem(names.correctionValue, [count], unit.originalType))
    }
    return found.compactMap(\.self)
  }

  /// What is wrong with one such tensor.
  private func problem(
    _ name: String, _ shape: [Int], _ type: ElementType = .f32
  ) -> CheckpointError? {
    guard let place = files[name] else { return missing(name) }
    let tensor = place.tensor
    guard tensor.elementType == type else {
      return .wrongType(
        path: place.file.path, tensor: tensor.name, elementType: tensor.elementType,
        expected: type)
    }
    return tensor.shape == shape
      ? nil
      : .wrongShape(
        path: place.file.path, tensor: tensor.name, shape: tensor.shape, expected: shape)
  }
}
