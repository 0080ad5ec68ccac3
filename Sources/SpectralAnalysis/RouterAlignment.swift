import Checkpoints
import Findings
import LinearAlgebra
import Tensors

/// A layer's router rows, each of length one.
struct RouterRows: Sendable {
  /// experts x hidden size.
  let rows: Matrix<Float>

  /// Reads the router and normalises its rows.
  ///
  /// - Throws: The file's error, and ``AnalysisError``.
  init(of weight: Weight) throws {
    var buffer = WeightBuffer()
    try buffer.read(weight)
    do {
      _ = try analysableSquaredNorm(of: buffer.matrix)
    } catch {
      throw AnalysisError.unusableWeight(place: weight.place, reason: error)
    }
    var matrix = buffer.matrix
    let width = matrix.columnCount
    for row in 0..<matrix.rowCount {
      let range = row * width..<(row + 1) * width
      let length = matrix.squaredNorm(ofRow: row).squareRoot()
      guard length > 0 else {
        throw AnalysisError.zeroRouterRow(place: weight.place, row: row)
      }
      for place in range { matrix.elements[place] = Float(Double(matrix.elements[place]) / length) }
    }
    rows = matrix
  }
}

/// Analysis 4: how far router rows lie along the experts' leading directions.
///
/// - Returns: The tables `router_alignment`, `router_score` and `router_summary`.
func routerTables(of unit: MeasuredUnit, router: RouterRows) -> [Table] {
  var alignment = Table(.routerAlignment)
  var scores = Table(.routerScore)
  var summary = Table(.routerSummary)
  let routed = unit.routedExperts
  let d = router.rows.columnCount
  let k = unit.leading
  let floor = Double(k) / Double(d)
  let cosineFloor = expectedAbsoluteCosine(dimension: d)
  let layer = Table.Cell.integer(unit.layer)
  let projection = Table.Cell.text(unit.projection.rawValue)

  // cosines[f][j, e] = <q_e, v_j> for direction j of expert f.
  let cosines = routed.map {
    product($0.subspace.hidden, leftTransposed: true, router.rows, rightTransposed: true)
  }
  for (f, expert) in routed.enumerated() {
    for j in 0..<expert.subspace.toldCount {
      alignment.append(
        layer, projection, .text(expert.name), .integer(j + 1),
        .number(min(1, Double(abs(cosines[f][j, expert.number])))), .number(cosineFloor))
    }
  }
  var matched: [Double] = []
  var mismatched: [Double] = []
  for e in 0..<router.rows.rowCount {
    for (f, expert) in routed.enumerated() {
      let sum = (0..<k).reduce(0.0) { sum, j in
        let cosine = Double(cosines[f][j, e])
        return sum + cosine * cosine
      }
      let score = min(1, sum)
      if expert.number == e { matched.append(score) } else { mismatched.append(score) }
      scores.append(
        layer, projection, .integer(e), .integer(expert.number), .number(score), .number(floor))
    }
  }
  if !matched.isEmpty, !mismatched.isEmpty {
    let own = mean(matched)
    let others = mean(mismatched)
    summary.append(
      layer, projection, .integer(k), .number(own), .number(others),
      .number(others > 0 ? own / others : .infinity), .number(floor),
      // The score of a random row is Beta(k/2, (d-k)/2) distributed; matched is a mean over rows.
      .number(
        (2 * floor * (1 - floor) / Double(d + 2) / Double(matched.count)).squareRoot()))
  }
  return [alignment, scores, summary]
}
