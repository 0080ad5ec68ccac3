import Captures
import Findings
import LinearAlgebra
import Tensors
import Workers

/// Analysis 5: how far router rows lie along the leading directions of the router's input.
///
/// - Parameters:
///   - layer: The layer's number.
///   - input: Its captured input X, T x d.
///   - router: The router's rows, each of length one.
///   - isCentred: Whether the mean token is taken away first.
///   - width: How many tiles of X^T X to work on at once.
/// - Returns: The tables `router_data` and `data_spectrum`.
/// - Throws: ``AnalysisError/unusableActivations(place:tokens:reason:)`` where X has fewer
///   directions than are told; the errors of the file.
/// - Complexity: O(T d^2 + d^3) time, in double precision; memory for d^2 numbers and two thousand
///   tokens.
func routerDataTables(
  layer: Int, input: ActivationRows, router: RouterRows, isCentred: Bool, width: Int
) async throws -> [Table] {
  let d = input.width
  let count = min(SubspaceRequest.fewestDirections, d)
  let gram = try await gramMatrix(
    of: input, rows: 0..<input.rowCount, isCentred: isCentred, width: width)
  let total = gram.trace
  let directions = try leadingDirections(
    of: gram, count: count, place: input.place,
    tokens: isCentred ? "centred," : "all tokens,")

  var spectrum = Table(.dataSpectrum)
  for (j, value) in directions.singularValues.enumerated() {
    spectrum.append(
      .integer(layer), .integer(j + 1), .number(value), .number(min(1, value * value / total)))
  }
  var table = Table(.routerData)
  let floor = expectedAbsoluteCosine(dimension: d)
  for expert in 0..<router.rows.rowCount {
    for j in 0..<count {
      let cosine = (0..<d).reduce(0.0) {
        $0 + Double(router.rows[expert, $1]) * directions.vectors[$1, j]
      }
      table.append(
        .integer(layer), .text(String(expert)), .integer(j + 1), .number(min(1, abs(cosine))),
        .number(floor))
    }
  }
  return [table, spectrum]
}

/// X^T X of some rows of X, in double precision, block by block.
func gramMatrix(
  of input: ActivationRows, rows: Range<Int>, isCentred: Bool = false, width: Int
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
    _ = try await workSideBySide(count: gram.tileCount, width: width, makeState: {}) { _, tile in
      gram.add(wide, toTile: tile)
    }
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
