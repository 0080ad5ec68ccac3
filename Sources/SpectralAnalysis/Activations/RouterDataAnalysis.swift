import Captures
import Checkpoints
import Experts
import Findings
import LinearAlgebra
import Tensors

extension Analysis {
  /// Alignment of the router with the directions of its input (analysis 5).
  public static let routerData = Analysis(RouterDataAnalysis())
}

/// Analysis 5: how far router rows lie along the leading directions of the router's input.
struct RouterDataAnalysis: LayerAnalysis {
  let name = "router-data"
  let input = Analysis.Input.captures
  let tables: [TableDefinition] = [.routerData, .dataSpectrum]
  let definitions = [
    "router_data":
      "|cosine| of a router row and the leading right singular vectors of the MoE input"
  ]
  let needsRouter = true

  func isUsual(with inputs: AnalysisInputs) -> Bool { inputs.capture != nil }

  func record(_ options: AnalysisOptions, in recorded: inout RunOptions) {
    recorded[RunOption<Bool>("center")] = options.center
  }

  func captured(of layer: CapturedLayer, options: AnalysisOptions) -> [ActivationRows] {
    [layer.input]
  }

  func tokenMemory(_ plan: MemoryPlan) -> Int {
    let d = plan.sizes.hiddenSize
    return 24 * d * d + 24_576 * d
  }

  func findings(of layer: CapturedLayer, in work: UnitWork) async throws -> LayerFindings {
    do {
      return LayerFindings(
        tables: try await routerDataTables(
          layer: layer.index, input: layer.input, router: try work.routerRows(),
          isCentred: work.options.center, in: work))
    } catch {
      return LayerFindings(leftOut: [try work.leaveOut("router", for: error)])
    }
  }
}

/// Makes the tables of router-data alignment.
///
/// - Parameters:
///   - layer: The layer's number.
///   - input: Its captured input X, T x d.
///   - router: The router's rows, each of length one.
///   - isCentred: Whether the mean token is taken away first.
///   - work: Whose workers are used, a tile of X^T X at a time.
/// - Returns: The tables `router_data` and `data_spectrum`.
/// - Throws: ``AnalysisError/unusableActivations(place:tokens:reason:)`` where X has fewer
///   directions than are told; the errors of the file.
/// - Complexity: O(T d^2 + d^3) time, in double precision; memory for d^2 numbers and two thousand
///   tokens.
func routerDataTables(
  layer: Int, input: ActivationRows, router: RouterRows, isCentred: Bool, in work: UnitWork
) async throws -> [Table] {
  let d = input.width
  let count = min(SubspaceRequest.fewestDirections, d)
  let gram = try await gramMatrix(
    of: input, rows: 0..<input.rowCount, isCentred: isCentred, in: work)
  let total = gram.trace
  let directions = try leadingDirections(
    of: gram, count: count, place: input.place,
    tokens: isCentred ? "centred," : "all tokens,")

  var spectrum = Table(.dataSpectrum)
  for (j, value) in directions.singularValues.enumerated() {
    spectrum.append(
      DataSpectrum.layer(layer), DataSpectrum.index(j + 1), DataSpectrum.sigma(value),
      DataSpectrum.energy(min(1, value * value / total)))
  }
  var table = Table(.routerData)
  let floor = expectedAbsoluteCosine(dimension: d)
  for expert in 0..<router.rows.rowCount {
    for j in 0..<count {
      let cosine = (0..<d).reduce(0.0) {
        $0 + Double(router.rows[expert, $1]) * directions.vectors[$1, j]
      }
      table.append(
        RouterData.layer(layer), RouterData.expert(ExpertName(routed: router.firstExpert + expert)),
        RouterData.direction(j + 1), RouterData.absCosine(min(1, abs(cosine))),
        RouterData.floorAbsCosine(floor))
    }
  }
  return [table, spectrum]
}

/// X^T X of some rows of X, in double precision, block by block.
func gramMatrix(
  of input: ActivationRows, rows: Range<Int>, isCentred: Bool = false, in work: UnitWork
) async throws -> GramMatrix {
  let gram = GramMatrix(dimension: input.width)
  var sum = [Double](repeating: 0, count: input.width)
  var reader = ActivationReader()
  let atOnce = 2048
  for start in stride(from: rows.lowerBound, to: rows.upperBound, by: atOnce) {
    let block = try reader.read(start..<min(rows.upperBound, start + atOnce), of: input)
    let wide = block.widened()
    if isCentred {
      for row in 0..<wide.rowCount {
        for column in sum.indices { sum[column] += wide[row, column] }
      }
    }
    _ = try await work.map(count: gram.tileCount) { gram.add(wide, toTile: $0) }
  }
  if isCentred {
    let count = Double(rows.count)
    gram.subtractOuterProduct(of: sum.map { $0 / count }, times: count)
  }
  return gram
}

/// The leading right singular directions of X, from X^T X.
///
/// - Throws: ``AnalysisError/unusableActivations(place:tokens:reason:)`` where X has fewer.
func leadingDirections(
  of gram: GramMatrix, count: Int, place: String, tokens: String
) throws -> (singularValues: [Double], vectors: Matrix<Double>) {
  do throws(LinearAlgebraError) {
    let found = try gram.leadingEigenvectors(count: count)
    let values = found.values.map { max(0, $0).squareRoot() }
    guard values[0] > 0 else { throw LinearAlgebraError.zeroMatrix }
    // X^T X is summed in double precision: its eigenvalues, the squares, are sound down to d ulp.
    let noise = (Double(gram.dimension) * 0x1p-52).squareRoot() * values[0]
    try requireRank(count, of: values, above: noise)
    return (values, found.vectors)
  } catch {
    throw AnalysisError.unusableActivations(place: place, tokens: tokens, reason: error)
  }
}
