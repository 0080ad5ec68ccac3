import Checkpoints
import Experts
import Findings
import LinearAlgebra
import Tensors

extension Analysis {
  /// Router alignment and score (analysis 4).
  public static let router = Analysis(RouterAnalysis())
}

/// Analysis 4: how far router rows lie along the experts' leading directions.
struct RouterAnalysis: MatrixAnalysis {
  let name = "router"
  let tables: [TableDefinition] = [.routerAlignment, .routerScore, .routerSummary]
  let definitions = [
    "router_score":
      "squared norm of a unit router row projected on an expert's top-k right singular vectors"
  ]
  let needsInputSide = true
  let needsRouter = true

  func isUsual(with inputs: AnalysisInputs) -> Bool { true }

  func tables(of unit: MeasuredUnit, in work: UnitWork) async throws -> [Table] {
    routerTables(of: unit, router: try work.routerRows())
  }
}

/// A layer's router rows, each of length one.
struct RouterRows: Sendable {
  /// The number of the expert that the first row is of.
  let firstExpert: Int
  /// experts x hidden size.
  let rows: Matrix<Float>

  /// Reads the router and normalises its rows.
  ///
  /// - Parameters:
  ///   - weight: The router's weight.
  ///   - firstExpert: The number of the expert that its first row is of.
  ///   - digest: Takes the digest of the stored bytes.
  /// - Throws: The file's error, and ``AnalysisError``.
  init(of weight: Weight, firstExpert: Int = 0, digest: (String) -> Void) throws {
    self.firstExpert = firstExpert
    var reader = WeightReader()
    digest(try reader.readWithDigest(weight))
    do {
      _ = try analysableSquaredNorm(of: reader.matrix)
    } catch {
      throw AnalysisError.unusableWeight(place: weight.place, reason: error)
    }
    var matrix = reader.matrix
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

/// Makes the tables of router alignment.
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

  // cosines[f][j, e] = <q_e, v_j> for direction j of expert f.
  let cosines = routed.map {
    product($0.subspace.hidden, leftTransposed: true, router.rows, rightTransposed: true)
  }
  for (f, expert) in routed.enumerated() {
    for j in 0..<expert.subspace.toldCount {
      alignment.append(
        RouterAlignment.layer(unit.layer), RouterAlignment.projection(unit.projection),
        RouterAlignment.expert(expert.name), RouterAlignment.direction(j + 1),
        RouterAlignment.absCosine(
          min(1, Double(abs(cosines[f][j, expert.number - router.firstExpert])))),
        RouterAlignment.floorAbsCosine(cosineFloor))
    }
  }
  var matched: [Double] = []
  var mismatched: [Double] = []
  for e in 0..<router.rows.rowCount {
    let number = router.firstExpert + e
    for (f, expert) in routed.enumerated() {
      let sum = (0..<k).reduce(0.0) { sum, j in
        let cosine = Double(cosines[f][j, e])
        return sum + cosine * cosine
      }
      let score = min(1, sum)
      if expert.number == number { matched.append(score) } else { mismatched.append(score) }
      scores.append(
        RouterScore.layer(unit.layer), RouterScore.projection(unit.projection),
        RouterScore.routerRow(number), RouterScore.expert(expert.number), RouterScore.score(score),
        RouterScore.floorScore(floor))
    }
  }
  if !matched.isEmpty, !mismatched.isEmpty {
    let own = mean(matched)
    let others = mean(mismatched)
    summary.append(
      RouterSummary.layer(unit.layer), RouterSummary.projection(unit.projection),
      RouterSummary.k(k), RouterSummary.matched(own), RouterSummary.mismatched(others),
      RouterSummary.specificity(others > 0 ? own / others : .infinity), RouterSummary.floor(floor),
      // The score of a random row is Beta(k/2, (d-k)/2) distributed; matched is a mean over rows.
      RouterSummary.floorSD(
        (2 * floor * (1 - floor) / Double(d + 2) / Double(matched.count)).squareRoot()))
  }
  return [alignment, scores, summary]
}
